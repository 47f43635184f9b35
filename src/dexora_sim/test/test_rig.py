"""Pins the twin as hardware: slices of groups, targets through faults, stamps always onward, task status."""

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_core.trajectory_execution import ExecutionSettings, GroupController, GroupLimits, PointRequest
from dexora_core.trajectory_execution.testing import request
from dexora_sim.fault_board import FaultBoard
from dexora_sim.fault_hooks import HOOKS
from dexora_sim.faults import FaultRequest
from dexora_sim.rig import START_NS, TwinRig, fault_world
from dexora_sim.task_watch import FAILED, NO_TASK, RUNNING, TaskWatch, make_scene
from dexora_sim.twin import Twin

from dexora_description import contract_path

CONTRACT = load_contract(contract_path())


@pytest.fixture(scope="module")
def twin():
    return Twin(CONTRACT, make_scene("lift"), 1)


@pytest.fixture
def rig(twin):
    twin.reset(1)
    return TwinRig(twin, FaultBoard(HOOKS, fault_world(CONTRACT)), 4)


def test_groups_read_their_own_joints(rig):
    for group in CONTRACT.groups:
        joints = rig.groups[group.name]
        assert joints.joint_names == CONTRACT.group_joints(group.name)
        np.testing.assert_array_equal(
            joints.read().position, rig.sample.position[CONTRACT.group_indices(group.name)]
        )


def test_controller_moves_its_group_and_no_other(rig):
    limits = GroupLimits.of_group(CONTRACT, "right_arm")
    controller = GroupController(rig.groups["right_arm"], limits, ExecutionSettings(), rig.now_ns)
    before = rig.sample.position.copy()
    index = CONTRACT.group_indices("right_arm")
    goal = before[index] + 0.1 * np.sign((limits.lower_rad + limits.upper_rad) / 2 - before[index])
    asked = request(PointRequest(400_000_000, goal.tolist()), names=limits.joint_names)
    assert controller.executor.accept(asked, rig.now_ns) is None
    for _ in range(100):
        controller.update(rig.now_ns)
        rig.step()
    np.testing.assert_allclose(rig.sample.position[index], goal, atol=0.01)
    np.testing.assert_allclose(np.delete(rig.sample.position, index), np.delete(before, index), atol=0.01)


def test_stamps_start_after_zero_and_go_on_after_a_reset(rig):
    assert rig.now_ns == START_NS
    rig.step()
    assert rig.now_ns == rig.sample.stamp_ns == START_NS + 8_000_000
    assert rig.stamp_ns(rig.twin.time_ns) == rig.now_ns
    rig.reset(2)
    assert rig.now_ns > START_NS + 8_000_000
    assert rig.twin.time_ns == 0


def test_faults_sit_between_targets_and_motors(rig):
    rig.faults.start(FaultRequest("commands_ignored"), rig.now_ns)
    targets = rig.twin.targets()
    rig.step()
    rig.groups["left_arm"].write(targets[CONTRACT.group_indices("left_arm")] + 0.1)
    rig.step()
    np.testing.assert_array_equal(rig.twin.targets(), targets)


def test_freeze_holds_where_the_joints_are(rig):
    rig.groups["left_arm"].write(rig.groups["left_arm"].read().position + 0.5)
    for _ in range(10):
        rig.step()
    rig.freeze()
    held = rig.sample.position.copy()
    for _ in range(100):
        rig.step()
    np.testing.assert_allclose(rig.sample.position, held, atol=0.05)
    assert np.abs(rig.sample.velocity[:12]).max() < 0.01


def test_task_watch_tells_instruction_stages_and_time_limit(twin):
    twin.reset(1)
    watch = TaskWatch(twin, 1)
    assert (watch.status.state, watch.status.task, watch.status.seed) == (RUNNING, "lift", 1)
    assert "can" in watch.status.instruction
    assert watch.status.stage_names
    assert set(watch.world.objects) == {"can"}
    twin.step(6100)
    assert watch.update().state == FAILED
    assert "not done within 12 s" in watch.status.reason
    twin.reset(2)
    watch.begin(2)
    assert watch.update().state == RUNNING


def test_no_task_has_nothing_to_judge():
    watch = TaskWatch(Twin(CONTRACT, make_scene(NO_TASK), 0), 0)
    assert watch.update().task == NO_TASK
    assert watch.update().instruction == ""
