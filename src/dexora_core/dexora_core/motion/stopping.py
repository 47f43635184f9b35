"""Stops that a controller reproduces exactly, and the test whether a state can be stopped inside the limits.

A stop has two parts: a release of the acceleration at constant jerk (a cubic, absent in most families), then
a brake (a quartic whose velocity goes to zero with zero acceleration). A controller that interpolates
position, velocity and acceleration with quintics runs through both parts exactly from three points.

For fixed durations every position, velocity, acceleration and jerk along the stop is linear in the state it
starts from, and Bernstein coefficients bound each polynomial by its ends and control values. So the states
that one family can stop form a convex polytope, and the test is one product with a constant matrix. The
durations are laid out as a ladder of families per group; together they cover about 99 % of the states that a
time-optimal stop could handle (see test_stopping.py).
"""

from __future__ import annotations

import numpy as np

from dexora_core.motion.limits import INNER, BoolArray, FloatArray, MotionLimits

LADDER: tuple[tuple[float, float], ...] = (
    (0.0, 0.25),
    (0.0, 0.4),
    (0.0, 0.55),
    (0.0, 0.75),
    (0.0, 1.0),
    (0.75, 1.0),
    (1.0, 1.0),
)
"""Families from the shortest to the longest stop: fractions of the full release and brake time."""

ROUNDING = 5e-7
"""A state this far beyond the inner limits (relative) still counts as inside: half of what INNER reserves."""


class StopFamilies:
    """The ladder of stops for one robot.

    Args:
        limits: Limits of the robot.

    Attributes:
        release_s: Duration of the release, shape (K, J).
        brake_s: Duration of the brake, shape (K, J).
        velocity_gain: Weight of velocity in the distance to rest [s], shape (K, J).
        acceleration_gain: Weight of acceleration in the distance to rest [s2], shape (K, J).
        velocity_rows: Which of the rows bound a velocity.
    """

    def __init__(self, limits: MotionLimits) -> None:
        self._middle = limits.middle
        release, brake = _full_times(limits)
        steps = np.array(LADDER)
        self.release_s = steps[:, :1] * release
        self.brake_s = steps[:, 1:] * brake
        self.total_s = self.release_s + self.brake_s
        forms = _Forms(self.release_s, self.brake_s)
        self.velocity_gain = forms.rest[1]
        self.acceleration_gain = forms.rest[2]
        self.velocity_rows = slice(len(forms.positions), len(forms.positions) + len(forms.velocities))
        self.coefficients = forms.rows(limits)
        self.row_count = self.coefficients.shape[2]

    def rows(self, state: FloatArray) -> FloatArray:
        """Return what is bounded along the stops from `state` (3, J), in units of the limits, (K, R, J)."""
        q, v, a = state
        result = self.coefficients[0] * (q - self._middle)
        result += self.coefficients[1] * v
        result += self.coefficients[2] * a
        return result

    def admissible(self, state: FloatArray, speed_scale: float = 1.0) -> BoolArray:
        """Return which family can stop which joint inside its limits, shape (K, J).

        Args:
            state: Position, velocity and acceleration, shape (3, J).
            speed_scale: Fraction of the velocity limits that the stop may use, in (0, 1].
        """
        rows = np.abs(self.rows(state))
        if speed_scale < 1.0:
            rows[:, self.velocity_rows] /= speed_scale
        return np.logical_and.reduce(rows <= 1.0 + ROUNDING, axis=1)


def _full_times(limits: MotionLimits) -> tuple[FloatArray, FloatArray]:
    """Release from full acceleration and brake from full speed [s], equal within a group; shapes (J,)."""
    release = limits.acceleration / limits.jerk
    brake = np.maximum(
        1.5 * limits.velocity / limits.acceleration, np.sqrt(6.0 * limits.velocity / limits.jerk)
    )
    for indices in limits.groups.values():
        release[indices] = release[indices].max()
        brake[indices] = brake[indices].max()
    return release, brake / INNER


class _Forms:
    """Linear forms (3, K, J) in the starting state (q, v, a) for everything along a stop that has a limit."""

    def __init__(self, release: FloatArray, brake: FloatArray) -> None:
        q, v, a = (np.zeros((3, *release.shape)) for _ in range(3))
        q[0], v[1], a[2] = 1.0, 1.0, 1.0
        has_release = release > 0.0
        v_mid = v + a * (release / 2)
        a_mid = np.where(has_release, 0.0, a)
        q_mid = q + v * release + a * (release**2 / 3)
        peak = -3 * v_mid / brake - a_mid
        self.rest = q_mid + v_mid * (brake / 2) + a_mid * (brake**2 / 12)
        self.positions = [
            q,
            q + v * (release / 3),
            q_mid - v_mid * (release / 3),
            q_mid,
            q_mid + v_mid * (brake / 4),
            self.rest,
        ]
        ramp = a_mid * (brake / 6)
        self.velocities = [v, v_mid, v_mid + ramp, 0.75 * v_mid + ramp]
        self.accelerations = [a, (a_mid + peak) / 2, peak / 2]
        start_jerk = np.where(has_release, a / np.where(has_release, release, 1.0), 0.0)
        self.jerks = [
            start_jerk,
            6 * v_mid / brake**2 + 4 * a_mid / brake,
            6 * v_mid / brake**2 + 2 * a_mid / brake,
        ]

    def rows(self, limits: MotionLimits) -> FloatArray:
        """Return all forms divided by their limits, shape (3, K, R, J)."""
        scaled = [form / (limits.half_range * INNER) for form in self.positions]
        scaled += [form / (limits.velocity * INNER) for form in self.velocities]
        scaled += [form / (limits.acceleration * INNER) for form in self.accelerations]
        scaled += [form / (limits.jerk * INNER) for form in self.jerks]
        return np.ascontiguousarray(np.stack(scaled, axis=2))
