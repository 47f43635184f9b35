"""Lets the tests of this package import their cases, and the bundles of the core's tests."""

import importlib.util
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "dexora_core/test")]

# Only a workstation has torch (requirements/training.txt); the robot's tests run without.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_model_*.py"]
