"""What controllers receive: few points, exact in between, at rest at the end; and motions to a pose."""

import numpy as np
import pytest
from chunk_cases import MS, small_limits
from dexora_core.coupling import GroupMode
from dexora_core.dispatch import Dispatcher
from dexora_core.errors import TrajectoryError
from dexora_core.gate import CommandGate, GateConfig
from dexora_core.goto import go_to
from dexora_core.motion import MotionLimits
from dexora_core.plausibility import swapped_sides
from dexora_core.stages import GateRequest
from dexora_core.trajectory import command_points
from gate_cases import exact_order
from receiver import Receiver

from dexora_core import goto as module

LIMITS = small_limits(4)
GROUPS = {"a": np.array([0, 1]), "b": np.array([2, 3])}
LIMITS = MotionLimits(
    LIMITS.names, LIMITS.lower, LIMITS.upper, LIMITS.velocity, LIMITS.acceleration, LIMITS.jerk, GROUPS
)


def make():
    return CommandGate(LIMITS, exact_order(LIMITS.names), GateConfig(), np.zeros(4), 0)


@pytest.mark.parametrize("seed", range(8))
def test_points_reproduce_the_plan_exactly_whatever_it_is_made_of(seed):
    rng, gate, now = np.random.default_rng(seed), make(), 0
    target = np.zeros(4)
    for k in range(60):
        now += int(rng.choice([10 * MS, 3 * MS, 45 * MS]))
        if k % 12 == 0:
            target = rng.uniform(-2, 2, 4)
        gate.step(now, GateRequest(target, stop=rng.uniform(size=4) < 0.2))
        for group, points in command_points(gate.plan, now, GROUPS, 0.03).items():
            assert not points.velocity[-1].any()
            assert not points.acceleration[-1].any()
            assert (np.diff(points.times_s) > 0).all()
            receiver = Receiver(np.zeros(2))
            receiver.knots = [(now, gate.plan.state_at(now)[:, GROUPS[group]])]
            receiver.knots += [
                (
                    now + round(t * 1e9),
                    np.stack([points.position[i], points.velocity[i], points.acceleration[i]]),
                )
                for i, t in enumerate(points.times_s)
            ]
            for shift in (1, 17, 29, 60, 130, 400):
                at = now + shift * MS
                wanted = gate.plan.state_at(at)[:, GROUPS[group]]
                if at < receiver.knots[-1][0]:
                    assert receiver.state_at(at)[:2] == pytest.approx(wanted[:2], abs=1e-6)
                else:
                    assert points.position[-1] == pytest.approx(wanted[0], abs=1e-7)


def test_group_at_rest_gets_one_point():
    points = command_points(make().plan, 10**9, GROUPS, 0.03)["a"]
    assert points.times_s.tolist() == [0.03]
    assert points.position.shape == (1, 2)


def test_usual_message_has_two_points():
    gate = make()
    gate.step(10 * MS, GateRequest(np.full(4, 1e-7)))
    assert {len(points) for points in command_points(gate.plan, 10 * MS, GROUPS, 0.03).values()} == {2}


def test_stop_that_is_over_soon_is_told_to_rest_a_while():
    gate = make()
    gate.step(10 * MS, GateRequest(np.full(4, 1e-7)))
    brief = command_points(gate.plan, 10 * MS, GROUPS, 0.03)["a"]
    lasting = command_points(gate.plan, 10 * MS, GROUPS, 0.5)["a"]
    assert lasting.times_s.tolist() == [*brief.times_s.tolist(), 0.5]
    np.testing.assert_array_equal(lasting.position, [*brief.position, brief.position[-1]])
    assert not lasting.velocity[-2:].any()
    assert not lasting.acceleration[-2:].any()


def test_frozen_groups_and_those_not_due_are_left_out():
    dispatcher, plan = Dispatcher(LIMITS, {"b": 10.0}, 0.03), make().plan
    run = {"a": GroupMode.RUN, "b": GroupMode.GRIP}
    sent = [sorted(dispatcher.trajectories(plan, k * 10 * MS, run)) for k in range(11)]
    assert sent[0] == sent[10] == ["a", "b"]
    assert sent[1:10] == [["a"]] * 9
    frozen = dict.fromkeys(run, GroupMode.FROZEN)
    assert dispatcher.trajectories(plan, 200 * MS, frozen) == {}


def test_motion_to_a_pose_is_inside_the_limits_and_ends_there():
    start, target = np.array([0.0, 1.0, -1.0, 0.5]), np.array([2.0, -2.0, -1.0, 0.4])
    points = go_to(LIMITS, start, target)
    assert points.position[-1] == pytest.approx(target)
    assert not points.velocity[-1].any()
    assert np.abs(points.velocity).max() <= 2.0
    assert np.abs(points.acceleration).max() <= 15.0
    receiver = Receiver(start)
    receiver.take(points, 0, 0)
    before = None
    for at in range(0, round(points.times_s[-1] * 1e9), MS):
        state = receiver.state_at(at)
        assert np.abs(state[1]).max() <= 2.0
        assert np.abs(state[2]).max() <= 15.0
        if before is not None:
            assert np.abs(state[2] - before).max() <= 400 * 1e-3 * 1.001
        before = state[2]
    share = (points.position - start) / np.where(target == start, 1.0, target - start)
    assert share[:, 0] == pytest.approx(share[:, 1], abs=1e-6)


def test_motion_to_where_the_robot_is_takes_one_point():
    points = go_to(LIMITS, np.zeros(4), np.zeros(4))
    assert len(points) == 1
    assert points.times_s[0] > 0


def test_slower_motion_takes_longer():
    fast, slow = (go_to(LIMITS, np.zeros(4), np.ones(4), scale) for scale in (1.0, 0.1))
    assert slow.times_s[-1] > 3 * fast.times_s[-1]


@pytest.mark.parametrize(
    ("start", "target", "scale", "text"),
    [
        (np.zeros(4), np.array([0, 2.1, 0, 0]), 1.0, r"joint j1 is to go to 2\.1000 rad, outside"),
        (np.zeros(4), np.array([0, np.nan, 0, 0]), 1.0, "must be 4 finite positions each"),
        (np.zeros(4), np.zeros(3), 1.0, "must be 4 finite positions each"),
        (np.zeros(4), np.zeros(4), 0.0, "must lie in"),
        (np.zeros(4), np.zeros(4), np.nan, "must lie in"),
    ],
)
def test_impossible_pose_is_refused_with_the_reason(start, target, scale, text):
    with pytest.raises(TrajectoryError, match=text):
        go_to(LIMITS, start, target, scale)


def test_pose_that_the_solver_rejects_is_refused(monkeypatch):
    class Rejecting:
        def __init__(self, joints): ...

        def calculate(self, request, trajectory):
            return module.Result.ErrorInvalidInput

    monkeypatch.setattr(module, "Ruckig", Rejecting)
    with pytest.raises(TrajectoryError, match="no motion to the pose was found"):
        go_to(LIMITS, np.zeros(4), np.ones(4))


SIDES = {
    "left_arm": np.array([0, 1]),
    "right_arm": np.array([2, 3]),
    "left_x": np.array([0]),
    "head": np.array([1]),
}


def test_swapped_sides_are_recognised_only_when_crossing_them_helps():
    commanded = np.array([1.0, 1.2, -1.0, -1.2])
    assert "arms are 2.20 rad away" in swapped_sides(commanded[[2, 3, 0, 1]], commanded, SIDES)
    assert swapped_sides(commanded + 1.0, commanded, SIDES) == ""
    assert swapped_sides(commanded + 0.1, commanded, SIDES) == ""
