"""A difference that fades away: what makes a change of source or chunk smooth."""

from __future__ import annotations

import numpy as np

from dexora_core.clock import NS_PER_S
from dexora_core.motion.limits import FloatArray


class Easing:
    """An offset in position, velocity and acceleration that goes smoothly to zero.

    It starts with the given offset and ends with zero position, velocity and acceleration, so adding it to a
    new reference continues the old one without a step in any of the three.

    Args:
        start_ns: When the offset holds.
        offset: Old minus new state then, shape (3, J).
        duration_ns: After this time nothing is left; must be positive.
    """

    def __init__(self, start_ns: int, offset: FloatArray, duration_ns: int) -> None:
        self._start_ns = start_ns
        self._duration_ns = duration_ns
        t = duration_ns / NS_PER_S
        q, v, a = offset
        c0, c1, c2 = q, v, a / 2
        c3 = -(10 * q + 6 * v * t + 1.5 * a * t**2) / t**3
        c4 = (15 * q + 8 * v * t + 1.5 * a * t**2) / t**4
        c5 = -(6 * q + 3 * v * t + 0.5 * a * t**2) / t**5
        none = np.zeros_like(c5)
        # Position, velocity, acceleration by powers of time, highest last: one product serves all three.
        rows = [
            (c0, c1, 2 * c2),
            (c1, 2 * c2, 6 * c3),
            (c2, 3 * c3, 12 * c4),
            (c3, 4 * c4, 20 * c5),
            (c4, 5 * c5, none),
            (c5, none, none),
        ]
        self._by_power = np.array([np.concatenate(row) for row in rows])

    def is_over(self, at_ns: int) -> bool:
        """Return whether the offset has faded away."""
        return at_ns >= self._start_ns + self._duration_ns

    def add_to(self, state: FloatArray, at_ns: int) -> FloatArray:
        """Return `state` (3, J) plus what is left of the offset at `at_ns`."""
        if self.is_over(at_ns):
            return state
        t = max(at_ns - self._start_ns, 0) / NS_PER_S
        powers = np.array((1.0, t, t**2, t**3, t**4, t**5))
        left: FloatArray = (powers @ self._by_power).reshape(state.shape)
        left += state
        return left
