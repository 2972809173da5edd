"""The package as a program: `python -m eegnets`."""

import sys

if __name__ == "__main__":
    try:
        from eegnets.cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # before there was anything to stop
        sys.exit(1)
