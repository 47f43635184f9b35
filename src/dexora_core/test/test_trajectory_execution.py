"""Pins execution: by time, replacement, hold at the end, stop of a dead stream, cancel, tolerances."""

import math

import numpy as np
from dexora_core.trajectory_execution import ErrorCode, GoalTolerances, Tolerance
from dexora_core.trajectory_execution.testing import (
    HOME,
    LIMITS,
    MS,
    START_NS,
    S,
    make_executor,
    play,
    point,
    request,
    sample_at,
)

GOAL = np.array([0.5, -0.5, 1.5])


def positions(states):
    return np.array([state.output.position for state in states])


def test_goal_is_reached_on_time_and_held():
    controller = make_executor()
    assert controller.accept(request(point(1.0, GOAL)), START_NS, goal="g") is None
    states = play(controller, 0.0, 1.5)
    np.testing.assert_allclose(states[-1].output.position, GOAL)
    np.testing.assert_allclose(positions(states)[100:], np.tile(GOAL, (50, 1)))
    (result,) = controller.take_results()
    assert (result.goal, result.code, result.reason) == ("g", ErrorCode.SUCCESSFUL, "goal reached")
    assert controller.is_at_rest(START_NS + 2 * S)


def test_future_start_waits_on_the_way_from_the_set_point():
    controller = make_executor()
    controller.accept(request(point(0.0, GOAL), stamp_ns=START_NS + S), START_NS)
    states = play(controller, 0.0, 1.2)
    middle = states[50].output.position
    assert (np.abs(middle - HOME) > 0.1).all()
    np.testing.assert_allclose(states[-1].output.position, GOAL)


def test_points_already_past_are_skipped():
    controller = make_executor()
    late = request(
        point(0.0, HOME), point(0.1, [0.9, 1.9, 2.9]), point(1.0, GOAL), stamp_ns=START_NS - 500 * MS
    )
    controller.accept(late, START_NS)
    states = play(controller, 0.0, 0.9)
    assert positions(states).max() < 2.5
    np.testing.assert_allclose(states[-1].output.position, GOAL)


def test_replacement_starts_at_the_set_point_with_its_velocity():
    controller = make_executor()
    controller.accept(request(point(1.0, GOAL, [0.0] * 3, [0.0] * 3)), START_NS)
    first = play(controller, 0.0, 0.5)
    controller.accept(request(point(1.0, HOME, [0.0] * 3, [0.0] * 3)), START_NS + 500 * MS)
    second = play(controller, 0.5, 1.6)
    path = positions(first + second)
    steps = np.diff(path, axis=0)
    assert np.abs(np.diff(steps, axis=0)).max() < 15.0 * 0.01**2  # no jump in velocity
    np.testing.assert_allclose(path[-1], HOME, atol=1e-9)


def test_newer_trajectory_ends_the_older_goal():
    controller = make_executor()
    controller.accept(request(point(1.0, GOAL)), START_NS, goal="old")
    play(controller, 0.0, 0.2)
    controller.accept(request(point(1.0, HOME)), START_NS + 200 * MS, goal="new")
    (result,) = controller.take_results()
    assert (result.goal, result.code) == ("old", ErrorCode.INVALID_GOAL)
    assert "replaced" in result.reason
    controller.accept(request(point(1.0, GOAL)), START_NS + 200 * MS, goal="newest")
    assert [r.goal for r in controller.take_results()] == ["new"]
    play(controller, 0.2, 1.5)
    assert [(r.goal, r.code) for r in controller.take_results()] == [("newest", ErrorCode.SUCCESSFUL)]


def test_stream_that_ends_moving_comes_to_rest_within_150_ms():
    controller = make_executor()
    speed = np.array([0.6, -0.6, 0.6])
    controller.accept(request(point(0.2, HOME + 0.2 * speed, speed)), START_NS)
    states = play(controller, 0.0, 1.0, tick_ms=2)
    velocity = np.diff(positions(states), axis=0) / 0.002
    assert np.abs(velocity[98]).max() > 0.5
    assert np.abs(velocity[175:]).max() == 0.0
    acceleration = np.diff(velocity[99:], axis=0) / 0.002
    assert np.abs(acceleration).max() <= 15.0 * 1.01


def test_stream_with_successors_does_not_stop():
    controller = make_executor()
    speed = np.array([0.5, -0.5, 0.5])
    for k in range(10):
        now_ns = START_NS + k * 50 * MS
        points = [point(0.05 * (j + 1), HOME + speed * 0.05 * (k + j + 1), speed) for j in range(2)]
        assert controller.accept(request(*points, stamp_ns=now_ns), now_ns) is None
        states = play(controller, k * 0.05, (k + 1) * 0.05)
        if k > 2:
            np.testing.assert_allclose(states[-1].output.velocity, speed)
    controller_end = play(controller, 0.5, 0.75)
    np.testing.assert_array_equal(controller_end[-1].output.velocity, 0.0)


def test_stop_does_not_leave_the_position_limits():
    controller = make_executor()
    controller.accept(request(point(1.0, [0.999, 0.0, 1.0], [1.0, 0.0, 0.0])), START_NS)
    assert positions(play(controller, 0.0, 1.5)).max(axis=0)[0] <= 1.0


def test_partial_goal_lets_the_other_joints_rest():
    controller = make_executor(allow_partial_joints_goal=True)
    assert controller.accept(request(point(0.5, [0.4]), names=("b",)), START_NS, goal="g") is None
    states = play(controller, 0.0, 0.6)
    np.testing.assert_allclose(states[-1].output.position, [HOME[0], 0.4, HOME[2]])


def test_partial_goal_stops_joints_that_move():
    controller = make_executor(allow_partial_joints_goal=True)
    controller.accept(request(point(1.0, GOAL)), START_NS)
    play(controller, 0.0, 0.5)
    controller.accept(request(point(0.5, [0.4]), names=("b",)), START_NS + S // 2)
    states = play(controller, 0.5, 1.5)
    assert 0.25 <= states[-1].output.position[0] < 0.4
    assert states[-1].output.position[1] == 0.4


def test_cancel_comes_to_rest_and_holds():
    controller = make_executor()
    controller.accept(request(point(1.0, GOAL)), START_NS, goal="g")
    play(controller, 0.0, 0.5)
    assert not controller.cancel("other")
    assert controller.cancel("g")
    states = play(controller, 0.5, 1.0)
    (result,) = controller.take_results()
    assert result.is_cancelled
    assert "cancelled" in result.reason
    np.testing.assert_array_equal(states[-1].output.position, states[16].output.position)
    assert np.abs(states[-1].output.position - HOME)[0] < 0.35
    assert not controller.cancel("g")


def test_cancel_before_the_first_tick_moves_nothing():
    controller = make_executor()
    controller.accept(request(point(1.0, GOAL)), START_NS, goal="g")
    assert controller.cancel("g")
    np.testing.assert_array_equal(play(controller, 0.0, 0.3)[-1].output.position, HOME)


def test_path_tolerance_aborts_and_holds_where_the_joint_is():
    controller = make_executor()
    bounds = GoalTolerances(path=[Tolerance("a", position=0.1)])
    controller.accept(request(point(1.0, GOAL)), START_NS, "g", bounds)
    states = play(controller, 0.0, 0.8, measured=HOME)
    (result,) = controller.take_results()
    assert result.code is ErrorCode.PATH_TOLERANCE_VIOLATED
    assert "path tolerance violated by a" in result.reason
    assert abs(states[-1].output.position[0] - HOME[0]) < 1e-9
    assert 0.09 < abs(states[-1].output.position[1] - HOME[1]) < 0.2


def test_path_tolerance_treats_not_a_number_as_violated():
    controller = make_executor(path_tolerance_rad=0.1)
    controller.accept(request(point(1.0, GOAL)), START_NS, goal="g")
    states = play(controller, 0.0, 0.3, measured=[math.nan] * 3)
    assert controller.take_results()[0].code is ErrorCode.PATH_TOLERANCE_VIOLATED
    assert np.isfinite(states[-1].output.position).all()


def test_goal_tolerance_waits_until_goal_time_then_aborts():
    controller = make_executor(goal_tolerance_rad=0.01)
    controller.accept(request(point(0.2, GOAL)), START_NS, "g", GoalTolerances(goal_time_s=0.3))
    play(controller, 0.0, 0.5, measured=HOME)
    assert controller.take_results() == []
    play(controller, 0.5, 0.6, measured=HOME)
    (result,) = controller.take_results()
    assert result.code is ErrorCode.GOAL_TOLERANCE_VIOLATED
    assert "error 0.5000 rad" in result.reason


def test_goal_tolerance_met_late_succeeds():
    controller = make_executor(goal_tolerance_rad=0.01)
    controller.accept(request(point(0.2, GOAL)), START_NS, goal="g")
    play(controller, 0.0, 0.7, measured=HOME)
    assert controller.take_results() == []
    play(controller, 0.7, 0.72, measured=GOAL)
    assert controller.take_results()[0].code is ErrorCode.SUCCESSFUL


def test_goal_that_is_still_moving_is_not_reached():
    controller = make_executor(stopped_velocity_tolerance_rad_s=0.01)
    controller.accept(request(point(0.2, GOAL)), START_NS, goal="g")
    for now_ns in range(START_NS, START_NS + S, 10 * MS):
        controller.update(now_ns, sample_at(controller.output.position, np.full(3, 0.1)))
    assert controller.take_results() == []


def test_erased_tolerance_removes_the_bound():
    controller = make_executor(path_tolerance_rad=0.05)
    bounds = GoalTolerances(path=[Tolerance(name, position=-1.0) for name in "abc"])
    controller.accept(request(point(1.0, GOAL)), START_NS, "g", bounds)
    play(controller, 0.0, 0.9, measured=HOME)
    assert controller.take_results() == []


def test_malformed_tolerances_refuse_the_goal():
    controller = make_executor()
    for bounds, code in (
        (GoalTolerances(path=[Tolerance("x", 0.1)]), ErrorCode.INVALID_JOINTS),
        (GoalTolerances(goal=[Tolerance("a", -0.5)]), ErrorCode.INVALID_GOAL),
        (GoalTolerances(goal=[Tolerance("a", math.nan)]), ErrorCode.INVALID_GOAL),
        (GoalTolerances(goal_time_s=-3.0), ErrorCode.INVALID_GOAL),
    ):
        assert controller.accept(request(point(1.0, GOAL)), START_NS, "g", bounds).code is code


def test_trajectory_faster_than_the_limits_is_slowed_and_succeeds_when_it_arrives():
    controller = make_executor()
    controller.accept(request(point(0.05, GOAL)), START_NS, goal="g")
    states = play(controller, 0.0, 0.8)
    velocity = np.abs(np.diff(positions(states), axis=0)) / 0.01
    assert (velocity <= LIMITS.max_velocity_rad_s * (1 + 1e-9)).all()
    assert controller.take_results()[0].code is ErrorCode.SUCCESSFUL
    np.testing.assert_allclose(states[-1].output.position, GOAL)


def test_success_waits_for_a_set_point_that_lags():
    controller = make_executor()
    controller.accept(request(point(0.05, GOAL)), START_NS, goal="g")
    play(controller, 0.0, 0.3)
    assert controller.take_results() == []


def test_hold_at_drops_everything():
    controller = make_executor()
    controller.accept(request(point(1.0, GOAL)), START_NS, goal="g")
    play(controller, 0.0, 0.5)
    controller.hold_at(np.array([0.1, math.nan, 9.0]), START_NS + S // 2, "switched off")
    (result,) = controller.take_results()
    assert result.reason == "switched off"
    held = play(controller, 0.5, 0.7)[-1].output.position
    assert held[0] == 0.1
    assert np.isfinite(held[1])
    assert held[2] == 3.0


def test_clock_that_jumps_back_stops_and_replays_nothing():
    controller = make_executor()
    controller.accept(request(point(1.0, GOAL)), START_NS, goal="g")
    before = play(controller, 0.0, 0.5)[-1].output.position
    after = [state.output.position for state in play(controller, -0.01, 1.5)]
    travel = LIMITS.max_velocity_rad_s * 0.15
    assert (np.abs(np.stack(after) - before) <= travel).all()
    np.testing.assert_array_equal(after[-1], after[20])
    (result,) = controller.take_results()
    assert result.code is ErrorCode.INVALID_GOAL
    assert "clock went back by 0.500 s" in result.reason


def test_clock_that_jumps_back_after_the_end_moves_nothing():
    controller = make_executor()
    controller.accept(request(point(1.0, GOAL)), START_NS)
    before = play(controller, 0.0, 1.5)[-1].output.position
    for state in play(controller, 0.0, 1.5):
        np.testing.assert_array_equal(state.output.position, before)


def test_late_tick_does_not_jump():
    controller = make_executor()
    controller.accept(request(point(5.0, GOAL)), START_NS)
    state = controller.update(START_NS + 10 * S, sample_at(HOME))
    assert (np.abs(state.output.position - HOME) <= LIMITS.max_velocity_rad_s * 0.2 + 1e-12).all()


def test_stop_that_must_exceed_the_limits_is_told():
    slow, fast = np.full(3, 0.2), np.array([1.0, 2.0, 2.0])
    for speed, expected in ((slow, False), (fast, True)):
        controller = make_executor()
        controller.accept(request(point(1.0, GOAL, speed)), START_NS)
        play(controller, 0.0, 0.1)
        assert controller.is_stopping_beyond_limits == expected
