"""Lets the tests of this folder share their helpers, and the bundles of the core's tests."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "dexora_core/test")]
