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
from numpy.typing import NDArray

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

Family = int | NDArray[np.intp]
"""Number of a stop in the ladder: that of all joints, or one per joint (J,)."""

ROUNDING = 5e-7
"""A state this far beyond the inner limits (relative) still counts as inside: half of what INNER reserves."""


class StopFamilies:
    """The ladder of stops for one robot.

    Bounded quantities lie in N rows, in units of their limits: first those of the state itself, then those of
    each family. `starts` says where each of these K + 1 blocks begins.

    Args:
        limits: Limits of the robot.

    Attributes:
        release_s: Duration of the release, shape (K, J).
        brake_s: Duration of the brake, shape (K, J).
        total_s: Duration of the stop, shape (K, J).
        velocity_gain: Weight of velocity in the distance to rest [s], shape (K, J).
        acceleration_gain: Weight of acceleration in the distance to rest [s2], shape (K, J).
        coefficients: Rows as linear forms in position, velocity, acceleration, shape (3, N, J).
        is_velocity: Which rows bound a velocity, shape (N, 1).
        starts: First row of each block, shape (K + 1,).
    """

    def __init__(self, limits: MotionLimits) -> None:
        self._middle = limits.middle
        self._columns = np.arange(limits.count)
        release, brake = _full_times(limits)
        steps = np.array(LADDER)
        self.release_s = steps[:, :1] * release
        self.brake_s = steps[:, 1:] * brake
        self.total_s = self.release_s + self.brake_s
        blocks = [_state_rows(limits)]
        forms = [_Forms(*times) for times in zip(self.release_s, self.brake_s, strict=True)]
        blocks += [form.rows(limits) for form in forms]
        self.velocity_gain = np.stack([form.rest[1] for form in forms])
        self.acceleration_gain = np.stack([form.rest[2] for form in forms])
        self.coefficients = np.concatenate([rows for rows, _ in blocks], axis=1)
        self.is_velocity = np.array([kind for _, kinds in blocks for kind in kinds])[:, None]
        self.starts = np.cumsum([0, *(len(kinds) for _, kinds in blocks[:-1])])

    def rows(self, state: FloatArray, end: int | None = None) -> FloatArray:
        """Return what is bounded along the stops from `state` (3, J), in units of the limits, (N, J).

        Args:
            state: Position, velocity and acceleration.
            end: Only the rows before this one; None: all.
        """
        centred = state.copy()
        centred[0] -= self._middle
        rows: FloatArray = np.einsum("inj,ij->nj", self.coefficients[:, :end], centred)
        return rows

    def times(self, family: Family) -> tuple[FloatArray, FloatArray]:
        """Return durations of release and brake [s], two arrays of shape (J,) that are not to be changed."""
        if isinstance(family, int):
            return self.release_s[family], self.brake_s[family]
        return self.release_s[family, self._columns], self.brake_s[family, self._columns]

    def admissible(self, state: FloatArray, speed_scale: float = 1.0, count: int = len(LADDER)) -> BoolArray:
        """Return which family can stop which joint inside its limits, shape (count, J).

        Args:
            state: Position, velocity and acceleration, shape (3, J).
            speed_scale: Fraction of the velocity limits that the stop may use, in (0, 1].
            count: How many families to look at, the shortest ones first.
        """
        end = None if count == len(LADDER) else int(self.starts[count + 1])
        rows = self.rows(state, end)
        np.abs(rows, out=rows)
        if speed_scale < 1.0:
            rows[self.is_velocity[:end, 0]] /= speed_scale
        worst = np.maximum.reduceat(rows, self.starts[: count + 1], axis=0)
        return np.maximum(worst[1:], worst[0]) <= 1.0 + ROUNDING


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


def _state_rows(limits: MotionLimits) -> tuple[FloatArray, list[bool]]:
    """Rows of the state itself, shape (3, 3, J), and which of them bound a velocity."""
    zero = np.zeros(limits.count)
    ranges = [limits.half_range, limits.velocity, limits.acceleration]
    rows = [[1 / (bound * INNER) if i == k else zero for k, bound in enumerate(ranges)] for i in range(3)]
    return np.array(rows), [False, True, False]


class _Forms:
    """Linear forms (3, J) in the starting state (q, v, a) for everything along a stop that has a limit."""

    def __init__(self, release: FloatArray, brake: FloatArray) -> None:
        q, v, a = (np.zeros((3, release.size)) for _ in range(3))
        q[0], v[1], a[2] = 1.0, 1.0, 1.0
        has_release = bool(release.any())
        v_mid = v + a * (release / 2)
        a_mid = 0.0 * a if has_release else a
        q_mid = q + v * release + a * (release**2 / 3)
        peak = -3 * v_mid / brake - a_mid
        ramp = a_mid * (brake / 6)
        self.rest = q_mid + v_mid * (brake / 2) + a_mid * (brake**2 / 12)
        self.positions = [q_mid + v_mid * (brake / 4), self.rest]
        self.velocities = [v_mid + ramp, 0.75 * v_mid + ramp]
        self.accelerations = [(a_mid + peak) / 2, peak / 2]
        self.jerks = [6 * v_mid / brake**2 + 4 * a_mid / brake, 6 * v_mid / brake**2 + 2 * a_mid / brake]
        if has_release:
            self.positions += [q + v * (release / 3), q_mid - v_mid * (release / 3), q_mid]
            self.jerks += [a / release]

    def rows(self, limits: MotionLimits) -> tuple[FloatArray, list[bool]]:
        """Return all forms divided by their limits, shape (3, R, J), and which of them bound a velocity."""
        kinds = (
            (self.positions, limits.half_range),
            (self.velocities, limits.velocity),
            (self.accelerations, limits.acceleration),
            (self.jerks, limits.jerk),
        )
        scaled = [form / (bound * INNER) for forms, bound in kinds for form in forms]
        is_velocity = [forms is self.velocities for forms, _ in kinds for _ in forms]
        return np.stack(scaled, axis=1), is_velocity
