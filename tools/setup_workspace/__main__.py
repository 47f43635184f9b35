"""Entry point: refuses a Python that cannot run the rest, in words that any Python 3 understands.

This file keeps to syntax that old interpreters parse; the modules behind it may use Python 3.10.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120

OLDEST = (3, 10)
NEWEST = (3, 13)

if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.stderr.write(
        "dexora: Python %d.%d cannot be used, ROS 2 from PyPI is supported on 3.10 to 3.13: start again with "  # noqa: UP031
        "one of these, for example 'make setup PYTHON=python3.11'.\n" % sys.version_info[:2]
    )
    sys.exit(1)

from setup_workspace.cli import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
