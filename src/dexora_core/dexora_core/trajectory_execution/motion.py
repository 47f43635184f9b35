"""Motions sampled by time: a spline through points, and a stop; every motion ends at rest.

Between two points the order of the spline follows what both hold, as in joint_trajectory_controller:
positions alone are joined linearly, with velocities by cubics, with velocities and accelerations by quintics.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dexora_core.trajectory_execution.hardware import FloatArray

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class SetPoint:
    """Position, velocity and acceleration at one instant; arrays of shape (J,) in rad, rad/s, rad/s^2."""

    position: FloatArray
    velocity: FloatArray
    acceleration: FloatArray


class Motion(Protocol):
    """A path in time that ends at rest."""

    @property
    def end_ns(self) -> int:
        """When the planned path ends [ns]; a stop may follow."""
        ...

    @property
    def rest_ns(self) -> int:
        """From when on the set-point does not move any more [ns]."""
        ...

    @property
    def is_within_limits(self) -> bool:
        """Whether its stop keeps acceleration and jerk limits."""
        ...

    def sample(self, now_ns: int) -> SetPoint:
        """Return the set-point at a time."""
        ...


@dataclass(frozen=True)
class Knot:
    """A point that the path goes through.

    Attributes:
        time_ns: When [ns].
        position: Shape (J,), rad.
        velocity: Shape (J,), rad/s, or None.
        acceleration: Shape (J,), rad/s^2, or None.
    """

    time_ns: int
    position: FloatArray
    velocity: FloatArray | None
    acceleration: FloatArray | None

    @property
    def order(self) -> int:
        """1, 3 or 5: the highest spline order that this point supports."""
        if self.velocity is None:
            return 1
        return 3 if self.acceleration is None else 5


@dataclass(frozen=True)
class Stop:
    """From a moving set-point to rest: the velocity follows a cubic that meets start and end smoothly.

    Attributes:
        start: Where the stop begins.
        start_ns: When it begins [ns].
        duration_ns: How long it takes [ns]; 0 holds `start.position`.
        is_within_limits: Whether acceleration and jerk limits are kept; if not, the time budget came first.
    """

    start: SetPoint
    start_ns: int
    duration_ns: int
    is_within_limits: bool = True

    @property
    def end_ns(self) -> int:
        """When it is at rest [ns]."""
        return self.start_ns + self.duration_ns

    @property
    def rest_ns(self) -> int:
        """Same as `end_ns`."""
        return self.end_ns

    def sample(self, now_ns: int) -> SetPoint:
        """Return the set-point at a time."""
        zero = np.zeros_like(self.start.position)
        if self.duration_ns <= 0:
            return SetPoint(self.start.position, zero, zero)
        duration = self.duration_ns / NS_PER_S
        s = min(max((now_ns - self.start_ns) / self.duration_ns, 0.0), 1.0)
        q, v, a = self.start.position, self.start.velocity, self.start.acceleration * duration
        position = q + duration * (v * (s - s**3 + s**4 / 2) + a * (s**2 / 2 - 2 * s**3 / 3 + s**4 / 4))
        if s >= 1.0:
            return SetPoint(position, zero, zero)
        velocity = v * (1 - 3 * s**2 + 2 * s**3) + a * (s - 2 * s**2 + s**3)
        acceleration = (v * (-6 * s + 6 * s**2) + a * (1 - 4 * s + 3 * s**2)) / duration
        return SetPoint(position, velocity, acceleration)


class Spline:
    """A path through knots, then the stop that follows it.

    Args:
        knots: At least one, times strictly increasing.
        stop: The motion after the last knot.
    """

    def __init__(self, knots: Sequence[Knot], stop: Stop) -> None:
        self._knots = tuple(knots)
        self._times_ns = [knot.time_ns for knot in knots]
        self._stop = stop
        self._segment = -1
        self._coefficients = np.zeros((1, 1))

    @property
    def end_ns(self) -> int:
        """Time of the last knot [ns]."""
        return self._times_ns[-1]

    @property
    def rest_ns(self) -> int:
        """From when on nothing moves any more [ns]."""
        return self._stop.end_ns

    @property
    def is_within_limits(self) -> bool:
        """Whether the stop after the last knot keeps acceleration and jerk limits."""
        return self._stop.is_within_limits

    def sample(self, now_ns: int) -> SetPoint:
        """Return the set-point at a time; before the first knot its position, after the last the stop."""
        if now_ns >= self.end_ns:
            return self._stop.sample(now_ns)
        segment = bisect_right(self._times_ns, now_ns) - 1
        if segment < 0:
            zero = np.zeros_like(self._knots[0].position)
            return SetPoint(self._knots[0].position, zero, zero)
        if segment != self._segment:
            self._coefficients = spline_coefficients(self._knots[segment], self._knots[segment + 1])
            self._segment = segment
        return evaluate(self._coefficients, (now_ns - self._times_ns[segment]) / NS_PER_S)


def spline_coefficients(a: Knot, b: Knot) -> FloatArray:
    """Return the polynomial between two knots.

    Args:
        a: First knot.
        b: Second knot, later than `a`.

    Returns:
        Shape (order + 1, J), lowest power first, time in seconds since `a`.
    """
    duration = (b.time_ns - a.time_ns) / NS_PER_S
    distance = b.position - a.position
    order = min(a.order, b.order)
    if order == 1:
        return np.stack([a.position, distance / duration])
    assert a.velocity is not None
    assert b.velocity is not None
    v0, v1 = a.velocity * duration, b.velocity * duration
    if order == 3:
        scaled = [a.position, v0, 3 * distance - 2 * v0 - v1, -2 * distance + v0 + v1]
    else:
        assert a.acceleration is not None
        assert b.acceleration is not None
        a0, a1 = a.acceleration * duration**2, b.acceleration * duration**2
        scaled = [
            a.position,
            v0,
            a0 / 2,
            10 * distance - 6 * v0 - 4 * v1 - 1.5 * a0 + a1 / 2,
            -15 * distance + 8 * v0 + 7 * v1 + 1.5 * a0 - a1,
            6 * distance - 3 * (v0 + v1) + (a1 - a0) / 2,
        ]
    powers: FloatArray = np.stack(scaled) / duration ** np.arange(order + 1)[:, None]
    return powers


def evaluate(coefficients: FloatArray, time_s: float) -> SetPoint:
    """Evaluate a polynomial and its first two derivatives.

    Args:
        coefficients: Shape (order + 1, J), lowest power first.
        time_s: Time [s].

    Returns:
        The set-point.
    """
    count = len(coefficients)
    power = np.arange(count)
    basis = time_s**power
    position = basis @ coefficients
    velocity = (power[1:] * basis[:-1]) @ coefficients[1:]
    if count < 3:
        return SetPoint(position, velocity, np.zeros_like(position))
    acceleration = (power[2:] * power[1:-1] * basis[:-2]) @ coefficients[2:]
    return SetPoint(position, velocity, acceleration)
