"""A plan is one C2 function of time, whatever mixture of segments, releases, brakes and rests it is."""

import numpy as np
import pytest
from chunk_cases import small_limits
from dexora_core.motion import Demand, MotionLimits, Plan, Projector
from dexora_core.motion.segment import Segment

MS = 1_000_000


def mixed_plan():
    """Three joints: a segment with release and brake, a pure brake, and one at rest."""
    limits = small_limits()
    plan = Plan(0, np.array([0.1, 0.2, 0.3]))
    start = np.array([[0.1, 0.2, 0.3], [0.5, 0.4, 0.0], [1.0, 0.0, 0.0]])
    end = np.array([[0.12, 0.2, 0.3], [0.6, 0.4, 0.0], [2.0, 0.0, 0.0]])
    plan.coefficients = Segment(limits, 0.03).coefficients(start, end)
    plan.segment_s = np.array([0.03, 0.0, 0.0])
    plan.handover = end
    plan.release_s = np.array([0.02, 0.0, 0.0])
    plan.brake_s = np.array([0.1, 0.2, 0.0])
    return plan


def test_position_velocity_acceleration_are_continuous_and_consistent():
    plan = mixed_plan()
    step = 10_000
    for at in [*range(MS, 260 * MS, 7 * MS), 30 * MS, 50 * MS, 150 * MS, 200 * MS]:
        before, now, after = (plan.state_at(at + k * step) for k in (-1, 0, 1))
        assert now[1] == pytest.approx((after[0] - before[0]) / 2e-5, abs=1e-4)
        assert now[2] == pytest.approx((after[1] - before[1]) / 2e-5, abs=2e-2)


def test_after_the_brake_every_joint_rests_exactly():
    plan = mixed_plan()
    state = plan.state_at(10**12)
    assert not state[1:].any()
    assert state[0] == pytest.approx(plan.rest_position())
    assert plan.rest_in_s(0) == pytest.approx([0.15, 0.2, 0.0])
    assert plan.rest_in_s(10**12) == pytest.approx(0.0)


def test_time_before_the_start_is_the_start():
    plan = mixed_plan()
    assert plan.state_at(-MS) == pytest.approx(plan.state_at(0))


def test_knots_are_the_ends_of_the_polynomials():
    ends = mixed_plan().knots_s(10 * MS)
    assert ends[:, 0] == pytest.approx([0.02, 0.04, 0.14])
    assert ends[:, 1] == pytest.approx([-0.01, -0.01, 0.19])


def test_segment_bounds_are_never_below_what_happens_inside():
    rng = np.random.default_rng(0)
    limits = small_limits(50)
    segment = Segment(limits, 0.05)
    for _ in range(20):
        start, end = rng.normal(size=(2, 3, 50)) * np.array([[0.1], [1.0], [5.0]])
        bounds = segment.bounds(start, end)
        plan = Plan(0, start[0])
        plan.coefficients, plan.handover = segment.coefficients(start, end), end
        plan.segment_s, plan.brake_s = np.full(50, 0.05), np.full(50, 0.2)
        times = np.linspace(0, 0.05, 101)[:, None] * np.ones(50)
        q, v, a = plan.states(times)
        assert v[-1] == pytest.approx(end[1])
        jerk = np.abs(np.diff(a, axis=0)).max(axis=0) / 5e-4
        for rows, seen, limit in (
            (segment.velocity_rows, np.abs(v[1:-1]).max(axis=0), limits.velocity),
            (segment.acceleration_rows, np.abs(a[1:-1]).max(axis=0), limits.acceleration),
            (segment.jerk_rows, jerk, limits.jerk),
        ):
            ends = np.maximum(np.abs(start), np.abs(end))[1:]
            floor = ends[0] if limit is limits.velocity else ends[1] if limit is limits.acceleration else 0.0
            assert (np.maximum(bounds[rows].max(axis=0) * limit, floor) >= seen * (1 - 1e-6)).all()
        inside = np.maximum(
            bounds[segment.position_rows].max(axis=0), np.abs(np.stack([start[0], end[0]])).max() / 2
        )
        assert (inside >= np.abs(q).max(axis=0) / 2 - 1e-9).all()


def demand(projector, plan, now, goal, stop=None, scale=1.0):
    state = plan.state_at(now)
    stop = np.zeros(projector.limits.count, dtype=bool) if stop is None else stop
    bounds = projector.segment.bounds(state, goal)
    bounds[projector.segment.velocity_rows] /= scale
    return projector.advance(plan, now, state, Demand(goal, bounds, stop, scale))


def goal_at(position, joints=3):
    goal = np.zeros((3, joints))
    goal[0] = position
    return goal


def run(projector, plan, goal, ticks, start=0, **kwargs):
    now = start
    for _ in range(ticks):
        now += 10 * MS
        demand(projector, plan, now, goal, **kwargs)
    return now, plan.state_at(now)


def test_far_goal_is_reached_quickly_and_exactly():
    projector, plan = Projector(small_limits(), 0.03), Plan(0, np.zeros(3))
    now, state = run(projector, plan, goal_at(1.0), 80)
    assert state[0] == pytest.approx(1.0, abs=1e-3)
    now, state = run(projector, plan, goal_at(1.0), 30, now)
    assert state[0] == pytest.approx(1.0, abs=1e-9)
    assert demand(projector, plan, now, goal_at(1.0)).passed.all()


def test_goal_on_the_position_limit_is_approached_and_not_crossed():
    projector, plan = Projector(small_limits(), 0.03), Plan(0, np.zeros(3))
    worst, now = 0.0, 0
    for _ in range(300):
        now, state = run(projector, plan, goal_at(2.0), 1, now)
        worst = max(worst, state[0].max())
    assert worst <= 2.0
    assert state[0] == pytest.approx(2.0, abs=1e-4)


def test_slow_scale_is_reached_and_kept():
    projector, plan = Projector(small_limits(), 0.03), Plan(0, np.full(3, -1.5))
    now, state = run(projector, plan, goal_at(1.5), 30)
    assert state[1].min() > 1.0
    now, state = run(projector, plan, goal_at(1.5), 60, now, scale=0.2)
    assert state[1].max() <= 0.4 * 1.05
    assert state[1].min() > 0.3


def test_stop_is_at_rest_soon_and_repeating_it_changes_nothing():
    projector, plan = Projector(small_limits(), 0.03), Plan(0, np.zeros(3))
    now, _ = run(projector, plan, goal_at(1.9), 30)
    stop = np.ones(3, dtype=bool)
    done = demand(projector, plan, now, goal_at(1.9), stop)
    assert done.stopped.all()
    assert not done.kept.any()
    rest = now * 1e-9 + plan.rest_in_s(now)
    assert plan.rest_in_s(now).max() < 0.35
    for _ in range(10):
        now, _ = run(projector, plan, goal_at(1.9), 1, now, stop=stop)
        assert (now * 1e-9 + plan.rest_in_s(now) <= rest + 1e-9).all()
    now, state = run(projector, plan, goal_at(1.9), 40, now, stop=stop)
    assert not state[1:].any()


def test_partial_stop_leaves_the_others_moving():
    projector, plan = Projector(small_limits(), 0.03), Plan(0, np.zeros(3))
    now, _ = run(projector, plan, goal_at(1.9), 20)
    stop = np.array([True, False, False])
    _, state = run(projector, plan, goal_at(1.9), 30, now, stop=stop)
    assert state[1, 0] == 0.0
    assert (state[1, 1:] > 0.5).all()


def test_state_that_no_stop_fits_keeps_its_old_plan():
    projector, plan = Projector(small_limits(), 0.03), Plan(0, np.zeros(3))
    plan.handover = np.array([[1.9] * 3, [1.9] * 3, [14.0] * 3])
    plan.brake_s = np.full(3, 0.4)
    before = plan.state_at(0)
    done = demand(projector, plan, 0, goal_at(0.0))
    assert done.kept.all()
    demand(projector, plan, 0, goal_at(0.0), np.ones(3, dtype=bool))
    assert plan.state_at(0) == pytest.approx(before)
    assert plan.brake_s == pytest.approx(0.4)


def test_rounding_reserve_lies_inside_the_true_limits():
    limits = small_limits()
    bounds = Segment(limits, 0.03).bounds(np.zeros((3, 3)), np.zeros((3, 3)))
    assert bounds.max() == 0.0
    end = np.array([[0.0] * 3, [2.0] * 3, [0.0] * 3])
    start = np.array([[-0.06] * 3, [2.0] * 3, [0.0] * 3])
    assert 1.0 < Segment(limits, 0.03).bounds(start, end)[Segment.velocity_rows].max() < 1.00001


def test_joints_outside_every_group_choose_for_themselves():
    one = np.ones(4)
    limits = MotionLimits(tuple("abcd"), -one, one, one, 9 * one, 90 * one, {"g": np.array([2, 0])})
    projector, plan = Projector(limits, 0.03), Plan(0, np.zeros(4))
    _, state = run(projector, plan, goal_at(0.5, 4), 150)
    assert state[0] == pytest.approx(0.5, abs=1e-6)
