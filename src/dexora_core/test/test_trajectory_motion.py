"""Pins the splines (linear, cubic, quintic by what points hold) and the stop that follows a moving end."""

import numpy as np
import pytest
from dexora_core.trajectory_execution.motion import Knot, SetPoint, Spline, evaluate, spline_coefficients
from dexora_core.trajectory_execution.stopping import hold, plan_stop
from dexora_core.trajectory_execution.testing import LIMITS, S

P0, P1 = np.array([0.0, 1.0, 0.5]), np.array([1.0, 0.0, 0.5])
V0, V1 = np.array([0.3, -0.2, 0.0]), np.array([0.1, 0.4, -0.5])
A0, A1 = np.array([1.0, 0.0, -1.0]), np.array([0.0, 2.0, 0.5])


def test_points_with_positions_only_are_joined_linearly():
    coefficients = spline_coefficients(Knot(0, P0, V0, A0), Knot(2 * S, P1, None, None))
    middle = evaluate(coefficients, 1.0)
    np.testing.assert_allclose(middle.position, (P0 + P1) / 2)
    np.testing.assert_allclose(middle.velocity, (P1 - P0) / 2)
    np.testing.assert_array_equal(middle.acceleration, 0.0)


def test_points_with_velocities_are_joined_by_cubics():
    coefficients = spline_coefficients(Knot(0, P0, V0, A0), Knot(2 * S, P1, V1, None))
    assert len(coefficients) == 4
    for time, position, velocity in ((0.0, P0, V0), (2.0, P1, V1)):
        at = evaluate(coefficients, time)
        np.testing.assert_allclose(at.position, position, atol=1e-12)
        np.testing.assert_allclose(at.velocity, velocity, atol=1e-12)


def test_points_with_accelerations_are_joined_by_quintics():
    coefficients = spline_coefficients(Knot(0, P0, V0, A0), Knot(S // 2, P1, V1, A1))
    assert len(coefficients) == 6
    for time, position, velocity, acceleration in ((0.0, P0, V0, A0), (0.5, P1, V1, A1)):
        at = evaluate(coefficients, time)
        np.testing.assert_allclose(at.position, position, atol=1e-12)
        np.testing.assert_allclose(at.velocity, velocity, atol=1e-12)
        np.testing.assert_allclose(at.acceleration, acceleration, atol=1e-10)


def test_spline_is_sampled_segment_by_segment():
    knots = [Knot(i * S, P0 * i, None, None) for i in range(4)]
    spline = Spline(knots, hold(P0 * 3, 3 * S))
    np.testing.assert_allclose(spline.sample(2 * S + S // 2).position, P0 * 2.5)
    np.testing.assert_allclose(spline.sample(S // 4).position, P0 * 0.25)
    np.testing.assert_allclose(spline.sample(9 * S).position, P0 * 3)
    np.testing.assert_allclose(spline.sample(-S).position, 0.0)


@pytest.mark.parametrize("velocity", [0.05, 0.5, 1.0, 5.0])
@pytest.mark.parametrize("acceleration", [0.0, 5.0, -5.0])
def test_stop_is_smooth_short_and_ends_at_rest(velocity, acceleration):
    start = SetPoint(P0, np.array([velocity, -velocity, 0.0]), np.full(3, acceleration))
    stop = plan_stop(start, S, LIMITS, 0.15)
    assert 0 < stop.duration_ns <= 150_000_000
    at_start, at_end = stop.sample(S), stop.sample(stop.end_ns)
    np.testing.assert_allclose(at_start.velocity, start.velocity)
    np.testing.assert_allclose(at_start.acceleration, start.acceleration)
    np.testing.assert_array_equal(at_end.velocity, 0.0)
    np.testing.assert_allclose(stop.sample(stop.end_ns - 1).velocity, 0.0, atol=1e-6)
    np.testing.assert_allclose(stop.sample(stop.end_ns - 1).acceleration, 0.0, atol=1e-3)
    np.testing.assert_array_equal(stop.sample(stop.end_ns + S).position, at_end.position)


@pytest.mark.parametrize("velocity", [0.01, 0.2, 0.6, 1.0])
def test_stop_that_fits_keeps_acceleration_and_jerk_limits(velocity):
    stop = plan_stop(SetPoint(P0, np.full(3, velocity), np.zeros(3)), 0, LIMITS, 0.15)
    assert stop.is_within_limits
    times = np.linspace(0, stop.duration_ns, 2001).astype(int)[:-1]
    acceleration = np.array([stop.sample(int(t)).acceleration for t in times])
    jerk = np.diff(acceleration, axis=0) / (times[1] * 1e-9)
    assert np.abs(acceleration).max() <= 15.0 * 1.001
    assert np.abs(jerk).max() <= 400.0 * 1.01


def test_stop_that_does_not_fit_takes_the_budget_and_says_so():
    stop = plan_stop(SetPoint(P0, np.full(3, 5.0), np.zeros(3)), 0, LIMITS, 0.15)
    assert stop.duration_ns == 150_000_000
    assert not stop.is_within_limits


def test_standing_set_point_needs_no_stop():
    assert plan_stop(SetPoint(P0, np.zeros(3), np.zeros(3)), 0, LIMITS, 0.15).duration_ns == 0


def test_slow_stop_is_shorter_than_fast_stop():
    durations = [
        plan_stop(SetPoint(P0, np.full(3, v), np.zeros(3)), 0, LIMITS, 0.15).duration_ns
        for v in (0.01, 0.1, 0.5)
    ]
    assert durations == sorted(durations)
    assert durations[0] < durations[-1]
