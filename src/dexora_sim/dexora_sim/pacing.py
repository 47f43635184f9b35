"""Keeps simulated time beside wall time: how many ticks are due, and how fast the world really runs."""

from __future__ import annotations

from dexora_core.clock import NS_PER_S

# A tick that is due within half a period runs now: timers fire a little early or late.
_EARLY_PERIODS = 0.5
# Further behind than this, the world gives up catching up and runs slower.
_MAX_BEHIND_PERIODS = 5
# At most so many ticks in a row, so that other callbacks get their turn.
MAX_TICKS_AT_ONCE = 3
# The speed is measured over this long; one slow window alone, as at the start, is no news.
_WINDOW_NS = 2 * NS_PER_S
_SLOW_WINDOWS = 2


class Pacer:
    """Says how many ticks are due.

    Args:
        period_ns: Simulated time of one tick [ns].
        factor: Simulated seconds per wall second; 0 means as fast as possible.
    """

    def __init__(self, period_ns: int, factor: float) -> None:
        self._period_ns = period_ns / factor if factor > 0.0 else 0.0
        self._tick_ns = period_ns
        self._factor = factor
        self._next_ns: float | None = None
        self._window_ns: int | None = None
        self._ticks = 0
        self._slow_windows = 0
        self.realtime_factor = factor

    def due(self, wall_ns: int) -> int:
        """Return how many ticks to run now, at most `MAX_TICKS_AT_ONCE`.

        Args:
            wall_ns: Monotonic wall time [ns].
        """
        self._measure(wall_ns)
        if self._next_ns is None:
            self._next_ns = wall_ns
        count = 0
        while count < MAX_TICKS_AT_ONCE and wall_ns >= self._next_ns - _EARLY_PERIODS * self._period_ns:
            self._next_ns += self._period_ns
            count += 1
        if wall_ns - self._next_ns > _MAX_BEHIND_PERIODS * self._period_ns:
            self._next_ns = wall_ns
        self._ticks += count
        return count

    def pause(self) -> None:
        """Forget the schedule; the next call of `due` starts anew without catching up."""
        self._next_ns = None
        self._window_ns = None

    @property
    def is_slow(self) -> bool:
        """Whether the world has run more than 5 % slower than asked for, for some seconds."""
        return self._slow_windows >= _SLOW_WINDOWS

    def _measure(self, wall_ns: int) -> None:
        if self._window_ns is None:
            self._window_ns, self._ticks = wall_ns, 0
        elapsed_ns = wall_ns - self._window_ns
        if elapsed_ns < _WINDOW_NS:
            return
        self.realtime_factor = self._ticks * self._tick_ns / elapsed_ns
        is_slow = self.realtime_factor < 0.95 * self._factor
        self._slow_windows = self._slow_windows + 1 if is_slow else 0
        self._window_ns, self._ticks = wall_ns, 0
