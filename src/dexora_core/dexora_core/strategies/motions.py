"""Motions made of two: a cross-fade, and a curve with a fading offset."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dexora_core.clock import NS_PER_S
from dexora_core.easing import Easing
from dexora_core.motion.limits import FloatArray


class Motion(Protocol):
    """Anything that says where the joints shall be over time."""

    @property
    def end_ns(self) -> int:
        """When it ends."""

    def state_at(self, at_ns: int) -> FloatArray:
        """Return position, velocity, acceleration, shape (3, J)."""

    def settled(self, at_ns: int) -> Motion:
        """Return what remains of this motion from `at_ns` on; a transition that is over is left out."""


class Eased:
    """A motion that starts where another one is, and whose difference to it fades.

    Args:
        at_ns: When it takes over.
        before: State of the other motion then, shape (3, J).
        new: The motion that remains.
        duration_ns: Time in which the difference fades.
    """

    def __init__(self, at_ns: int, before: FloatArray, new: Motion, duration_ns: int) -> None:
        self._new = new
        self._easing = Easing(at_ns, before - new.state_at(at_ns), duration_ns)

    @property
    def end_ns(self) -> int:
        """When the remaining motion ends."""
        return self._new.end_ns

    def state_at(self, at_ns: int) -> FloatArray:
        """Return the state of the remaining motion plus what is left of the difference."""
        return self._easing.add_to(self._new.state_at(at_ns), at_ns)

    def settled(self, at_ns: int) -> Motion:
        """Return the remaining motion once the difference has faded."""
        return self._new.settled(at_ns) if self._easing.is_over(at_ns) else self


class Crossfade:
    """A weighted mean of two motions; the weight of the new one rises as 10u^3 - 15u^4 + 6u^5.

    Args:
        at_ns: When the fade begins.
        old: The motion that is left; it must last until the fade is over.
        new: The motion that remains.
        duration_ns: Time of the fade.
    """

    def __init__(self, at_ns: int, old: Motion, new: Motion, duration_ns: int) -> None:
        self._at_ns = at_ns
        self._old = old
        self._new = new
        self._duration_ns = duration_ns

    @property
    def end_ns(self) -> int:
        """When the remaining motion ends."""
        return self._new.end_ns

    def state_at(self, at_ns: int) -> FloatArray:
        """Return the mean of both motions and its derivatives."""
        new = self._new.state_at(at_ns)
        u = max(at_ns - self._at_ns, 0) / self._duration_ns
        if u >= 1.0:
            return new
        duration = self._duration_ns / NS_PER_S
        weight = u**3 * (10 - 15 * u + 6 * u**2)
        rate = 30 * u**2 * (1 - u) ** 2 / duration
        bend = 60 * u * (1 - u) * (1 - 2 * u) / duration**2
        old = self._old.state_at(at_ns)
        change = new - old
        state = old + weight * change
        state[1] += rate * change[0]
        state[2] += 2 * rate * change[1] + bend * change[0]
        return np.asarray(state)

    def settled(self, at_ns: int) -> Motion:
        """Return the new motion once the fade is over."""
        return self._new.settled(at_ns) if at_ns >= self._at_ns + self._duration_ns else self
