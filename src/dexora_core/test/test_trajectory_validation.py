"""Pins which trajectories are refused, with which code and sentence, and that a refusal changes nothing."""

import math

import numpy as np
import pytest
from dexora_core.trajectory_execution import ErrorCode, Refusal, ValidationRules, validate
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
)

GOOD = point(0.5, [0.1, 0.2, 1.3])


def refused(asked, now_ns=START_NS, **rules):
    answer = validate(asked, LIMITS, ValidationRules(**rules), now_ns)
    assert isinstance(answer, Refusal)
    return answer


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a", "b", "x"), ("unknown x", "missing c", "expected a, b, c")),
        (("a", "b"), ("missing c",)),
        (("a", "b", "b"), ("duplicate b", "missing c")),
        (("a", "b", "c", "d"), ("unknown d",)),
        ((), ("none named", "expected a, b, c")),
    ],
)
def test_wrong_names_are_refused_by_name(names, words):
    answer = refused(request(GOOD, names=names))
    assert answer.code is ErrorCode.INVALID_JOINTS
    assert all(word in answer.reason for word in words)


def test_a_whole_robot_sent_to_one_group_is_refused_briefly():
    names = tuple(f"joint_{number}" for number in range(35))
    reason = refused(request(point(0.5, [0.0] * 35), names=names)).reason
    assert reason.startswith("35 joint names do not match this controller: unknown joint_0, ")
    assert "joint_11 and 23 more; missing a, b, c" in reason


def test_names_in_another_order_are_sorted():
    answer = validate(request(GOOD, names=("c", "a", "b")), LIMITS, ValidationRules(), START_NS)
    assert answer.indices.tolist() == [2, 0, 1]


def test_partial_names_need_the_setting():
    asked = request(point(0.5, [0.1]), names=("b",))
    assert "missing a, c" in refused(asked).reason
    assert not isinstance(validate(asked, LIMITS, ValidationRules(True), START_NS), Refusal)
    assert "unknown x" in refused(request(GOOD, names=("a", "b", "x")), allow_partial_joints_goal=True).reason


def test_empty_point_list_is_refused():
    answer = refused(request())
    assert answer.code is ErrorCode.INVALID_GOAL
    assert "this one has 0" in answer.reason


def test_too_many_points_are_refused():
    many = [point(0.001 * (i + 1), HOME) for i in range(10_001)]
    assert "10001" in refused(request(*many)).reason


@pytest.mark.parametrize("times", [(0.5, 0.5), (0.5, 0.4), (-0.1, 0.5)])
def test_times_that_do_not_increase_are_refused(times):
    answer = refused(request(*(point(t, HOME) for t in times)))
    assert answer.code is ErrorCode.INVALID_GOAL
    assert "strictly increase" in answer.reason


@pytest.mark.parametrize("field", ["positions", "velocities", "accelerations"])
def test_wrong_sizes_are_refused(field):
    values = {"positions": list(HOME), field: [0.0] * 35}
    answer = refused(request(point(0.5, **values)))
    assert answer.code is ErrorCode.INVALID_GOAL
    assert f"35 {field} for 3 joints" in answer.reason


def test_missing_positions_are_refused():
    assert "0 positions" in refused(request(point(0.5, [], [0.0, 0.0, 0.0]))).reason


def test_efforts_are_refused():
    assert "efforts" in refused(request(point(0.5, HOME, effort=[0.0] * 3))).reason


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["positions", "velocities", "accelerations"])
def test_non_finite_numbers_are_refused(field, bad):
    values = {"positions": list(HOME), field: [0.0, bad, 0.0]}
    answer = refused(request(GOOD, point(0.6, **values)))
    assert answer.code is ErrorCode.INVALID_GOAL
    assert f"{field} of b at point 1" in answer.reason


def test_position_outside_limits_names_joint_value_and_bounds():
    answer = refused(request(GOOD, point(0.6, [0.0, 2.5, 1.0])))
    assert answer.code is ErrorCode.INVALID_GOAL
    assert "position of b at point 1 is 2.5000 rad, outside [-2.0000, 2.0000]" in answer.reason


def test_position_on_the_limit_is_accepted_with_float32_rounding():
    edge = [float(np.float32(1.0)) + 5e-7, 2.0, 0.0]
    assert not isinstance(validate(request(point(0.5, edge)), LIMITS, ValidationRules(), START_NS), Refusal)


def test_trajectory_that_ended_in_the_past_is_refused():
    answer = refused(request(GOOD, stamp_ns=START_NS - S))
    assert answer.code is ErrorCode.OLD_HEADER_TIMESTAMP
    assert "ended 0.500 s ago" in answer.reason


def test_trajectory_that_began_in_the_past_and_ends_in_the_future_is_accepted():
    answer = validate(request(GOOD, stamp_ns=START_NS - 400 * MS), LIMITS, ValidationRules(), START_NS)
    assert not isinstance(answer, Refusal)


def test_start_on_another_clock_is_refused():
    answer = refused(request(GOOD, stamp_ns=1_700_000_000 * S))
    assert answer.code is ErrorCode.INVALID_GOAL
    assert "use_sim_time" in answer.reason


def test_goal_that_ends_with_a_velocity_is_refused_and_a_stream_is_not():
    asked = request(point(0.5, HOME, [0.0, 0.5, 0.0]))
    assert "velocity of b at the last point is 0.5000 rad/s" in refused(asked).reason
    rules = ValidationRules(allow_nonzero_velocity_at_trajectory_end=True)
    assert not isinstance(validate(asked, LIMITS, rules, START_NS), Refusal)


def test_refused_request_leaves_the_running_trajectory_alone():
    controller = make_executor()
    assert controller.accept(request(point(1.0, [0.5, 0.5, 1.5])), START_NS, goal="g") is None
    play(controller, 0.0, 0.3)
    assert controller.accept(request(point(1.0, [0.5, math.nan, 1.5])), START_NS, goal="bad") is not None
    assert controller.active_goal == "g"
    play(controller, 0.3, 1.2)
    assert [(r.goal, r.code) for r in controller.take_results()] == [("g", ErrorCode.SUCCESSFUL)]
    np.testing.assert_allclose(controller.output.position, [0.5, 0.5, 1.5])


def test_nothing_moves_after_any_refusal():
    controller = make_executor()
    for bad in (
        request(),
        request(GOOD, names=("a",)),
        request(GOOD, stamp_ns=1),
        request(point(0.5, [9, 9, 9])),
    ):
        assert controller.accept(bad, START_NS) is not None
    for state in play(controller, 0.0, 0.5):
        np.testing.assert_array_equal(state.output.position, HOME)
