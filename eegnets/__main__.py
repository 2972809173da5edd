"""`python -m eegnets`."""

import sys

from eegnets.cli import main

sys.exit(main())
