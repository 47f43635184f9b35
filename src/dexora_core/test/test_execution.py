"""Row 30: commands accepted and not executed are found within 90 ms; a held finger is not judged."""

import numpy as np
import pytest
from dexora_core.execution import ExecutionMonitor

MS = 1_000_000
ARM = {"arm": np.array([0, 1])}


def drive(follow, ticks=40, joints=3, speed=1.0):
    """Command all joints at `speed` [rad/s], followed by the share `follow`; return faults and time [ms]."""
    monitor = ExecutionMonitor(ARM)
    for k in range(ticks):
        told = np.full(joints, speed * 0.01 * k)
        faults = monitor.check(k * 10 * MS, told, told * follow)
        if faults:
            return faults, k * 10
    return [], None


def test_following_robot_is_fine():
    assert drive(np.array([1.0, 0.5, 0.0])) == ([], None)


@pytest.mark.parametrize("follow", [0.0, 0.05, -1.0])
def test_group_that_does_not_follow_is_found_in_time(follow):
    faults, after_ms = drive(np.array([1.0, follow, 1.0]))
    assert [(fault.code, fault.subject) for fault in faults] == [("DX-GRP-005", "arm")]
    assert "told to move by 0.090 rad" in faults[0].sentence
    assert after_ms == 90


def test_small_motion_is_not_judged():
    assert drive(np.zeros(3), speed=0.4) == ([], None)


def test_missing_measurements_start_over():
    monitor = ExecutionMonitor(ARM)
    monitor.check(0, np.zeros(3), np.zeros(3))
    assert monitor.check(100 * MS, np.ones(3), None) == []
    assert monitor.check(200 * MS, np.ones(3), np.zeros(3)) == []
