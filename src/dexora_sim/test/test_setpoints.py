"""Set-points between actions: straight lines, velocity limits, and actions that are late on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from dexora_sim.errors import SimulationError
from dexora_sim.setpoints import SetPoints
from hypothesis import given, settings
from hypothesis import strategies as st

STEP_S, PERIOD_S = 0.002, 0.05
LIMIT = np.array([2.0, 5.0])


def make(delay_s: float = 0.0) -> SetPoints:
    return SetPoints(LIMIT, STEP_S, PERIOD_S, delay_s)


def run(points: SetPoints, steps: int) -> np.ndarray:
    return np.array([points.next() for _ in range(steps)])


def test_action_within_limits_is_reached_in_a_straight_line_after_one_period():
    points = make()
    points.give(np.array([0.05, -0.05]))
    path = run(points, 25)
    np.testing.assert_allclose(path[-1], [0.05, -0.05])
    np.testing.assert_allclose(np.diff(path[:, 0]), 0.002, atol=1e-12)


def test_without_action_it_rests():
    points = make()
    points.reset(np.array([0.3, 0.4]))
    np.testing.assert_array_equal(run(points, 50), np.tile([0.3, 0.4], (50, 1)))


def test_action_beyond_the_velocity_arrives_later_at_the_limit():
    points = make()
    points.give(np.array([0.2, 0.0]))
    path = run(points, 60)
    np.testing.assert_allclose(path[24, 0], 2.0 * PERIOD_S)
    np.testing.assert_allclose(path[49:, 0], 0.2)


def test_delayed_action_leaves_the_old_target_until_it_is_due():
    points = make(delay_s=0.12)
    points.give(np.array([0.05, 0.0]))
    path = run(points, 85)
    np.testing.assert_array_equal(path[:60, 0], 0.0)
    assert path[60, 0] > 0.0
    np.testing.assert_allclose(path[84, 0], 0.05)


def test_newer_action_starts_from_the_present_set_point():
    points = make()
    points.give(np.array([0.05, 0.0]))
    before = run(points, 10)[-1, 0]
    points.give(np.array([-0.05, 0.0]))
    path = run(points, 25)[:, 0]
    np.testing.assert_allclose(path[0], before + (-0.05 - before) / 25)
    np.testing.assert_allclose(path[-1], -0.05)


def test_reset_forgets_actions_that_wait():
    points = make(delay_s=0.1)
    points.give(np.array([1.0, 1.0]))
    points.reset(np.zeros(2))
    np.testing.assert_array_equal(run(points, 100), 0.0)


@pytest.mark.parametrize("delay_s", [-0.01, np.nan, np.inf])
def test_delay_out_of_range_is_refused(delay_s):
    with pytest.raises(SimulationError, match=r"action delay .* use 0 or more"):
        make(delay_s)


def test_period_that_is_no_multiple_of_the_step_is_refused():
    with pytest.raises(SimulationError, match="not a whole number of physics steps"):
        SetPoints(LIMIT, 0.002, 0.0333)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=12),
    st.floats(0, 0.2),
)
def test_any_actions_never_exceed_the_velocity_and_end_at_the_last_one(actions, delay_s):
    points = make(delay_s)
    path = [np.zeros(2)]
    for pause, first, second in actions:
        points.give(np.array([first, second]))
        path.extend(run(points, pause))
    path.extend(run(points, 2200))
    moves = np.abs(np.diff(np.array(path), axis=0))
    assert (moves <= LIMIT * STEP_S + 1e-12).all()
    np.testing.assert_allclose(path[-1], actions[-1][1:], atol=1e-9)
