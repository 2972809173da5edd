"""The package as a program: `python -m eegnets`."""

import sys

from eegnets.cli import main

sys.exit(main())
