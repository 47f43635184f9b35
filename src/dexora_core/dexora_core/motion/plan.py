"""What every joint will do from now on: one polynomial segment, then a stop that ends at rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dexora_core.motion.limits import BoolArray, FloatArray

TimeArray = NDArray[np.int64]

_NS = 1e-9


class Plan:
    """The commanded motion of J joints as a function of time.

    Until `segment_s` after its start a joint follows a polynomial of degree five; from there a stop of
    `release_s` and `brake_s` takes it from the `handover` state to rest. Position, velocity and acceleration
    are continuous everywhere. A plan is evaluated at any time after its start; it never ends.

    Args:
        now_ns: Start.
        position: Where the joints rest [rad], shape (J,).
    """

    def __init__(self, now_ns: int, position: FloatArray) -> None:
        count = len(position)
        self.start_ns: TimeArray = np.full(count, now_ns, dtype=np.int64)
        self.segment_s: FloatArray = np.zeros(count)
        self.coefficients: FloatArray = np.zeros((6, count))
        self.coefficients[0] = position
        self.handover: FloatArray = np.zeros((3, count))
        self.handover[0] = position
        self.release_s: FloatArray = np.zeros(count)
        self.brake_s: FloatArray = np.zeros(count)

    def elapsed_s(self, now_ns: int) -> FloatArray:
        """Return the time since each joint's part of the plan began [s], shape (J,)."""
        return np.multiply(now_ns - self.start_ns, _NS, dtype=np.float64)

    @property
    def duration_s(self) -> FloatArray:
        """Time from each joint's start to its rest [s], shape (J,)."""
        return self.segment_s + self.release_s + self.brake_s

    def rest_in_s(self, now_ns: int) -> FloatArray:
        """Return how long after `now_ns` each joint is at rest [s], 0 when it is, shape (J,)."""
        return np.maximum(self.duration_s - self.elapsed_s(now_ns), 0.0)

    def state_at(self, now_ns: int) -> FloatArray:
        """Return position, velocity, acceleration at `now_ns`, shape (3, J) [rad, rad/s, rad/s2]."""
        elapsed = self.elapsed_s(now_ns)
        if (elapsed <= self.segment_s).all():
            return self._segment(elapsed)
        return self.states(elapsed)

    def states(self, elapsed_s: FloatArray) -> FloatArray:
        """Return the states at times since each joint's start; input (..., J), output (3, ..., J)."""
        elapsed = np.maximum(elapsed_s, 0.0)
        in_segment = elapsed <= self.segment_s
        segment = self._segment(np.minimum(elapsed, self.segment_s))
        stop = self._stop(np.maximum(elapsed - self.segment_s, 0.0))
        return np.where(in_segment, segment, stop)

    def knots_s(self, now_ns: int, indices: NDArray[np.intp]) -> list[float]:
        """Return the times after `now_ns` [s] at which a polynomial of one of the joints ends, ascending."""
        base = (self.start_ns[indices] - now_ns) * _NS
        ends = base + self.segment_s[indices]
        released = ends + self.release_s[indices]
        knots = np.concatenate([ends, released, released + self.brake_s[indices]])
        knots = np.unique(np.round(knots, 9))
        return [float(knot) for knot in knots if knot > _NS]

    def replace(self, joints: BoolArray, other: Plan) -> None:
        """Take over the parts of `other` for the joints where `joints` (J,) is true."""
        if joints.all():
            self.__dict__.update(other.__dict__)
            return
        self.start_ns[joints] = other.start_ns[joints]
        self.segment_s[joints] = other.segment_s[joints]
        self.release_s[joints] = other.release_s[joints]
        self.brake_s[joints] = other.brake_s[joints]
        self.coefficients[:, joints] = other.coefficients[:, joints]
        self.handover[:, joints] = other.handover[:, joints]

    def _segment(self, t: FloatArray) -> FloatArray:
        c0, c1, c2, c3, c4, c5 = self.coefficients
        position = ((((c5 * t + c4) * t + c3) * t + c2) * t + c1) * t + c0
        velocity = (((5 * c5 * t + 4 * c4) * t + 3 * c3) * t + 2 * c2) * t + c1
        acceleration = ((20 * c5 * t + 12 * c4) * t + 6 * c3) * t + 2 * c2
        return np.stack([position, velocity, acceleration])

    def _stop(self, elapsed: FloatArray) -> FloatArray:
        """Return the states `elapsed` after the handover, shape (3, ..., J)."""
        q, v, a = self.handover
        released = elapsed >= self.release_s
        t = np.minimum(elapsed, self.release_s)
        jerk = -a / np.where(self.release_s > 0.0, self.release_s, np.inf)
        q = q + t * (v + t * (a / 2 + t * jerk / 6))
        v = v + t * (a + t * jerk / 2)
        a = np.where(released & (self.release_s > 0.0), 0.0, a + t * jerk)
        brake = np.where(self.brake_s > 0.0, self.brake_s, np.inf)
        t = np.clip(elapsed - self.release_s, 0.0, self.brake_s)
        c2 = -(3 * v / brake + 2 * a) / brake
        c3 = (2 * v / brake + a) / brake**2
        resting = released & (t >= self.brake_s)
        position = q + t * (v + t * (a / 2 + t * (c2 / 3 + t * c3 / 4)))
        velocity = np.where(resting, 0.0, v + t * (a + t * (c2 + t * c3)))
        acceleration = np.where(resting, 0.0, a + t * (2 * c2 + t * 3 * c3))
        return np.stack([position, velocity, acceleration])
