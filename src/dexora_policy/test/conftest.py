"""Lets the tests of this package import their cases, and the bundles of the core's tests."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "dexora_core/test")]
