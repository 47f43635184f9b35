"""Pins that a launch does not outlive its twin: what is left would wait for joint states for ever."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.system


def test_twin_that_cannot_start_ends_the_launch_and_says_why(launch):
    launched = launch("mujoco.launch.py", "fault:=nonsense", "camera_rate:=0.0")
    launched.wait(30.0)
    assert "cannot start: twin_node: on_setup: ConfigError: fault 'nonsense' is unknown" in launched.output
    assert launched.survivors() == []
