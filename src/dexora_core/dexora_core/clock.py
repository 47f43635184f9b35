"""Clocks to inject: core code is told the time, only nodes own one of these."""

from __future__ import annotations

import time
from typing import Protocol

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


def s_to_ns(seconds: float) -> int:
    """Convert seconds to whole nanoseconds, rounded to the nearest."""
    return round(seconds * NS_PER_S)


def ns_to_s(nanoseconds: int) -> float:
    """Convert nanoseconds to seconds."""
    return nanoseconds / NS_PER_S


class Clock(Protocol):
    """Anything that tells the time."""

    def now_ns(self) -> int:
        """Return the time in ns; it never runs backwards."""


class MonotonicClock:
    """The machine's monotonic clock; a change of the wall clock does not move it."""

    def now_ns(self) -> int:
        """Return the monotonic time in ns."""
        return time.monotonic_ns()


class ManualClock:
    """A clock that a test or a simulation moves by hand.

    Args:
        start_ns: First reading.
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return the time set last."""
        return self._now_ns

    def advance(self, duration_ns: int) -> int:
        """Move forward by `duration_ns` >= 0 and return the new time.

        Raises:
            ValueError: The duration is negative.
        """
        if duration_ns < 0:
            raise ValueError(
                f"a clock cannot run backwards: asked to advance by {duration_ns} ns, must be >= 0"
            )
        self._now_ns += duration_ns
        return self._now_ns


class MonotonicFilter:
    """Turns a clock that may jump (wall clock, simulated time) into one that never runs backwards.

    A backward jump freezes the output until the source has caught up or `rebase` is called; the size of the
    jump is kept for the log. Consumers derive no age from the jump itself.
    """

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self.backward_jump_ns = 0

    def update(self, reading_ns: int) -> int:
        """Return the reading, or the last output when the reading lies before it."""
        if self._last_ns is not None and reading_ns < self._last_ns:
            self.backward_jump_ns = max(self.backward_jump_ns, self._last_ns - reading_ns)
            return self._last_ns
        self._last_ns = reading_ns
        return reading_ns

    def rebase(self, reading_ns: int) -> None:
        """Accept `reading_ns` as the new present, for instance after the simulation was reset."""
        self._last_ns = reading_ns
        self.backward_jump_ns = 0
