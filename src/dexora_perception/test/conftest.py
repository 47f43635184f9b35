"""Lets the tests of this package share helpers that lie beside them, and those of bundles and ONNX models."""

import importlib.util
import sys
from pathlib import Path

import pytest
import rclpy

HERE = Path(__file__).parent
for folder in (HERE, HERE.parents[1] / "dexora_core/test", HERE.parents[1] / "dexora_engines/test"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# Only a workstation has torch (requirements/training.txt); the robot's tests run without.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_model_*.py"]


@pytest.fixture
def ros():
    rclpy.init(args=[])
    yield
    if rclpy.ok():
        rclpy.shutdown()
