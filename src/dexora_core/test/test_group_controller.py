"""Pins the write rate of slow hardware (newest out, nothing queues) and what dead hardware does."""

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_core.errors import HardwareError
from dexora_core.trajectory_execution import ErrorCode, ExecutionSettings, GroupController, GroupLimits
from dexora_core.trajectory_execution.testing import (
    HOME,
    LIMITS,
    MS,
    START_NS,
    FakeJoints,
    S,
    point,
    request,
)


def group(joints, max_rate_hz=None):
    return GroupController(joints, LIMITS, ExecutionSettings(), START_NS, max_rate_hz)


def run(controller, from_ms, to_ms):
    for ms in range(from_ms, to_ms, 10):
        controller.update(START_NS + ms * MS)


def test_every_tick_is_written_without_a_maximum_rate():
    joints = FakeJoints()
    run(group(joints), 0, 500)
    assert len(joints.writes) == 50


def test_slow_bus_gets_the_newest_set_point_and_nothing_queues():
    joints = FakeJoints()
    controller = group(joints, max_rate_hz=6.7)
    controller.executor.accept(request(point(1.0, HOME + 0.5)), START_NS)
    run(controller, 0, 1200)
    assert len(joints.writes) == 8
    np.testing.assert_allclose(joints.writes[-1], HOME + 0.5)
    np.testing.assert_allclose(joints.writes[2], HOME + 0.5 * 0.3, atol=1e-6)


def test_dead_hardware_ends_the_goal_and_says_why():
    joints = FakeJoints()
    controller = group(joints)
    controller.executor.accept(request(point(1.0, HOME + 0.5)), START_NS, goal="g")
    run(controller, 0, 300)
    joints.is_dead = True
    writes = len(joints.writes)
    assert controller.update(START_NS + 310 * MS) is None
    assert controller.fault == "no answer on the bus"
    (result,) = controller.executor.take_results()
    assert result.code is ErrorCode.INVALID_GOAL
    assert "does not answer" in result.reason
    assert len(joints.writes) == writes
    joints.is_dead = False
    assert controller.update(START_NS + 320 * MS) is not None
    assert controller.fault == ""
    np.testing.assert_allclose(joints.position, HOME + 0.5 * 0.29, atol=0.01)


def test_hardware_that_was_moved_while_dead_is_held_where_it_is():
    joints = FakeJoints()
    controller = group(joints)
    run(controller, 0, 100)
    joints.is_dead = True
    run(controller, 100, 200)
    joints.is_dead, joints.position = False, HOME + 0.4
    run(controller, 200, 300)
    np.testing.assert_allclose(joints.writes[-1], HOME + 0.4)


def test_hardware_without_a_finite_position_is_refused():
    joints = FakeJoints()
    joints.position = np.array([0.0, np.nan, np.inf])
    with pytest.raises(HardwareError, match=r"no finite position of b, c.*check encoders and bus"):
        group(joints)


def test_rehold_takes_the_measured_position():
    joints = FakeJoints()
    controller = group(joints)
    joints.position = HOME + 0.3
    controller.rehold(START_NS + S, "enabled")
    controller.update(START_NS + S + MS)
    np.testing.assert_allclose(joints.writes[-1], HOME + 0.3)


def test_hardware_with_other_joints_is_refused():
    with pytest.raises(HardwareError, match="make driver and contract agree"):
        group(FakeJoints(("a", "c", "b")))


def test_limits_come_from_the_contract():
    description = pytest.importorskip("dexora_description")
    contract = load_contract(description.contract_path())
    limits = GroupLimits.of_group(contract, "right_hand")
    assert limits.joint_names == contract.group_joints("right_hand")
    assert limits.upper_rad.shape == (12,)
