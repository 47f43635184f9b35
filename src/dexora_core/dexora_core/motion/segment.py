"""The segment between two states: its coefficients, and bounds on everything along it."""

from __future__ import annotations

import math

import numpy as np

from dexora_core.motion.limits import INNER, FloatArray, MotionLimits


class Segment:
    """Polynomials of degree five over a fixed duration, for all joints at once.

    The polynomial is fixed by position, velocity and acceleration at both ends. Its Bernstein coefficients
    and those of its derivatives bound the whole segment; they are linear in the six end values.

    Args:
        limits: Limits of the robot.
        duration_s: Length of the segment [s].

    Attributes:
        position_rows: Which rows of `bounds` are positions; likewise for the other three.
    """

    position_rows = slice(0, 4)
    velocity_rows = slice(4, 7)
    acceleration_rows = slice(7, 9)
    jerk_rows = slice(9, 13)

    def __init__(self, limits: MotionLimits, duration_s: float) -> None:
        self.duration_s = duration_s
        self._middle = limits.middle
        bernstein = _bernstein(duration_s)
        self._monomial = _monomials(duration_s) @ bernstein
        velocity = np.diff(bernstein, axis=0) * (5 / duration_s)
        acceleration = np.diff(velocity, axis=0) * (4 / duration_s)
        jerk = np.diff(acceleration, axis=0) * (3 / duration_s)
        halves = [jerk[0], (jerk[0] + jerk[1]) / 2, (jerk[1] + jerk[2]) / 2, jerk[2]]
        self._forms = np.vstack([bernstein[1:5], velocity[1:4], acceleration[1:3], halves])
        scales = (
            [limits.half_range] * 4 + [limits.velocity] * 3 + [limits.acceleration] * 2 + [limits.jerk] * 4
        )
        self._scale = 1.0 / (np.stack(scales) * INNER)

    def bounds(self, start: FloatArray, end: FloatArray) -> FloatArray:
        """Return the largest values along the segment, in units of their limits, shape (13, J).

        Args:
            start: State at the beginning, shape (3, J).
            end: State at the end, shape (3, J).
        """
        ends = np.concatenate([start, end])
        ends[0] -= self._middle
        ends[3] -= self._middle
        return np.abs(self._forms @ ends) * self._scale

    def coefficients(self, start: FloatArray, end: FloatArray) -> FloatArray:
        """Return the coefficients of 1, t, ... t^5 of the positions, shape (6, J)."""
        ends = np.concatenate([start, end])
        result = self._monomial @ ends
        result[:3] = start
        result[2] *= 0.5
        return result


def _bernstein(duration: float) -> FloatArray:
    """Bernstein coefficients of the position as a matrix on (q0, v0, a0, q1, v1, a1)."""
    step, bend = duration / 5, duration**2 / 20
    return np.array(
        [
            [1, 0, 0, 0, 0, 0],
            [1, step, 0, 0, 0, 0],
            [1, 2 * step, bend, 0, 0, 0],
            [0, 0, 0, 1, -2 * step, bend],
            [0, 0, 0, 1, -step, 0],
            [0, 0, 0, 1, 0, 0],
        ]
    )


def _monomials(duration: float) -> FloatArray:
    """Matrix from Bernstein coefficients of degree five to coefficients of 1, t, ... t^5."""
    matrix = np.zeros((6, 6))
    for power in range(6):
        for index in range(power + 1):
            sign = -1.0 if (power - index) % 2 else 1.0
            matrix[power, index] = sign * math.comb(5, power) * math.comb(power, index) / duration**power
    return matrix
