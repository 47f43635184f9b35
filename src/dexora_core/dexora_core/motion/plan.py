"""What every joint will do from now on: one polynomial segment, then a stop that ends at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_core.motion.limits import BoolArray, FloatArray
from dexora_core.motion.masks import every

TimeArray = NDArray[np.int64]

_NS = 1e-9
_PARTS = ("start_ns", "segment_s", "coefficients", "handover", "release_s", "brake_s")


@dataclass(frozen=True, slots=True)
class Uniform:
    """Start and length of a segment that all joints share, and its polynomials.

    Attributes:
        start_ns: Start of the segment.
        duration_s: Its length [s].
        coefficients: Coefficients of 1, t, ... t^5 of the positions, shape (6, J).
    """

    start_ns: int
    duration_s: float
    coefficients: FloatArray

    def state_at(self, elapsed_s: float) -> FloatArray:
        """Return position, velocity, acceleration within the segment, shape (3, J)."""
        t = elapsed_s
        t2, t3, t4 = t * t, t * t * t, t * t * t * t
        position = (1.0, t, t2, t3, t4, t4 * t)
        velocity = (0.0, 1.0, 2 * t, 3 * t2, 4 * t3, 5 * t4)
        acceleration = (0.0, 0.0, 2.0, 6 * t, 12 * t2, 20 * t3)
        # Read as one flat row: of nested ones numpy takes twice as long.
        return np.array(position + velocity + acceleration).reshape(3, 6) @ self.coefficients


class Plan:
    """The commanded motion of J joints as a function of time.

    Until `segment_s` after its start a joint follows a polynomial of degree five; from there a stop of
    `release_s` and `brake_s` takes it from the `handover` state to rest. Position, velocity and acceleration
    are continuous everywhere. A plan is evaluated at any time after its start; it never ends. Its arrays may
    be shared and are replaced, never changed.

    Args:
        now_ns: Start.
        position: Where the joints rest [rad], shape (J,).

    Attributes:
        start_ns: When each joint's part begins, shape (J,).
        segment_s: Length of the segments [s], shape (J,).
        coefficients: Coefficients of 1, t, ... t^5 of the positions, shape (6, J).
        handover: State at the end of the segments, shape (3, J).
        release_s: Length of the release of each stop [s], shape (J,).
        brake_s: Length of the brake of each stop [s], shape (J,).
        uniform: The segment that all joints share; None when they do not.
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
        self.uniform: Uniform | None = None

    @classmethod
    def along(cls, uniform: Uniform, handover: FloatArray, stop: tuple[FloatArray, FloatArray]) -> Plan:
        """Return the plan of joints that share a segment and then stop.

        Args:
            uniform: The segment.
            handover: State at its end, shape (3, J).
            stop: Lengths of release and brake [s], shape (J,) each.
        """
        plan, count = cls.__new__(cls), handover.shape[1]
        plan.start_ns = np.full(count, uniform.start_ns, dtype=np.int64)
        plan.segment_s = np.full(count, uniform.duration_s)
        plan.coefficients, plan.handover = uniform.coefficients, handover
        plan.release_s, plan.brake_s = stop
        plan.uniform = uniform
        return plan

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
        if self.uniform is not None:
            elapsed_s = (now_ns - self.uniform.start_ns) * _NS
            if 0.0 <= elapsed_s <= self.uniform.duration_s:
                return self.uniform.state_at(elapsed_s)
        return self.states(self.elapsed_s(now_ns))

    def states(self, elapsed_s: FloatArray) -> FloatArray:
        """Return the states at times since each joint's start; input (..., J), output (3, ..., J)."""
        elapsed = np.maximum(elapsed_s, 0.0)
        in_segment = elapsed < self.segment_s
        segment = self._segment(np.minimum(elapsed, self.segment_s))
        stop = self._stop(np.maximum(elapsed - self.segment_s, 0.0))
        return np.where(in_segment, segment, stop)

    def knots_s(self, now_ns: int) -> FloatArray:
        """Return when each joint's three polynomials end, after `now_ns` [s], shape (3, J)."""
        ends = np.empty((3, self.start_ns.size))
        ends[0] = self.segment_s - self.elapsed_s(now_ns)
        ends[1] = ends[0] + self.release_s
        ends[2] = ends[1] + self.brake_s
        return ends

    def rest_position(self) -> FloatArray:
        """Return where each joint comes to rest if nothing else is planned [rad], shape (J,)."""
        q, v, a = self.handover
        release, brake = self.release_s, self.brake_s
        has_release = release > 0.0
        v_mid = v + a * (release / 2)
        a_mid = np.where(has_release, 0.0, a)
        return q + release * (v + release * a / 3) + brake * (v_mid / 2 + brake * a_mid / 12)

    def replace(self, joints: BoolArray, other: Plan) -> None:
        """Take over the parts of `other` for the joints where `joints` (J,) is true."""
        if every(joints):
            self.__dict__.update(other.__dict__)
            return
        self.uniform = None
        for name in _PARTS:
            setattr(self, name, np.where(joints, getattr(other, name), getattr(self, name)))

    def _segment(self, t: FloatArray) -> FloatArray:
        c0, c1, c2, c3, c4, c5 = self.coefficients
        states = np.empty((3, *t.shape))
        states[0] = ((((c5 * t + c4) * t + c3) * t + c2) * t + c1) * t + c0
        states[1] = (((5 * c5 * t + 4 * c4) * t + 3 * c3) * t + 2 * c2) * t + c1
        states[2] = ((20 * c5 * t + 12 * c4) * t + 6 * c3) * t + 2 * c2
        return states

    def _stop(self, elapsed: FloatArray) -> FloatArray:
        """Return the states `elapsed` after the handover, shape (3, ..., J)."""
        q, v, a = self.handover
        has_release = self.release_s > 0.0
        released = elapsed >= self.release_s
        t = np.minimum(elapsed, self.release_s)
        jerk = -a / np.where(has_release, self.release_s, np.inf)
        q = q + t * (v + t * (a / 2 + t * jerk / 6))
        v = v + t * (a + t * jerk / 2)
        a = np.where(released & has_release, 0.0, a + t * jerk)
        brake = np.where(self.brake_s > 0.0, self.brake_s, np.inf)
        t = np.clip(elapsed - self.release_s, 0.0, self.brake_s)
        c2 = -(3 * v / brake + 2 * a) / brake
        c3 = (2 * v / brake + a) / brake**2
        resting = released & (t >= self.brake_s)
        states = np.empty((3, *t.shape))
        states[0] = q + t * (v + t * (a / 2 + t * (c2 / 3 + t * c3 / 4)))
        states[1] = np.where(resting, 0.0, v + t * (a + t * (c2 + t * c3)))
        states[2] = np.where(resting, 0.0, a + t * (2 * c2 + t * 3 * c3))
        return states
