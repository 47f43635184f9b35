"""Lateness and duration of ticks in rings that are allocated once, and the figures of the last window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dexora_core.clock import NS_PER_S
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TickFigures:
    """What the last window says; all in seconds.

    Attributes:
        lateness_p50: Median lateness of wake-ups.
        lateness_p99: 99th percentile of it.
        lateness_max: Largest of the window.
        duration_p99: 99th percentile of the time inside a tick.
    """

    lateness_p50: float
    lateness_p99: float
    lateness_max: float
    duration_p99: float


class TickLog:
    """Remembers the last ticks.

    Args:
        size: Ticks that are remembered.
        window: Newest ticks that the figures are about.
    """

    def __init__(self, size: int, window: int) -> None:
        self._window = window
        self._lateness = np.zeros(size)
        self._duration = np.zeros(size)
        self._count = 0
        self.skipped = 0

    @property
    def count(self) -> int:
        """Ticks since the last `clear`."""
        return self._count

    def clear(self) -> None:
        """Forget everything."""
        self._count = self.skipped = 0

    def add(self, lateness_ns: int, duration_ns: int, skipped: int = 0) -> None:
        """Note one tick.

        Args:
            lateness_ns: How late it woke up.
            duration_ns: How long it took.
            skipped: Periods that passed unused before it.
        """
        slot = self._count % len(self._lateness)
        self._lateness[slot] = lateness_ns
        self._duration[slot] = duration_ns
        self._count += 1
        self.skipped += skipped

    def figures(self) -> TickFigures:
        """Return the percentiles of the window; zeros before the first tick."""
        if not self._count:
            return TickFigures(0.0, 0.0, 0.0, 0.0)
        newest = self._newest(self._window)
        late = np.percentile(self._lateness[newest], (50, 99, 100)) / NS_PER_S
        duration = np.percentile(self._duration[newest], 99) / NS_PER_S
        return TickFigures(float(late[0]), float(late[1]), float(late[2]), float(duration))

    def save(self, path: Path) -> None:
        """Write lateness and duration of all remembered ticks, oldest first, in ns, as a numpy archive.

        Args:
            path: File to write.
        """
        newest = self._newest(len(self._lateness))
        np.savez(path, lateness=self._lateness[newest], duration=self._duration[newest])

    def _newest(self, count: int) -> NDArray[np.intp]:
        count = min(count, self._count, len(self._lateness))
        return np.arange(self._count - count, self._count) % len(self._lateness)
