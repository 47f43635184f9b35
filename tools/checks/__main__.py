"""Entry point: `python tools/checks [static|test|bench NAME]`, static by default."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from checks.cli import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
