"""The one clock of a node that must not be misled, and the way between it and the stamps of messages.

On a robot it is the machine's monotonic clock: a jump of the wall clock moves no age and no trajectory. With
simulated time it is that time: a world that is slower than real time slows the motion with it, and a world
that starts again at zero does not turn the path's time back.
"""

from __future__ import annotations

from dexora_core.clock import NS_PER_MS, NS_PER_S, ns_to_s
from dexora_core.faults import Fault, make_fault
from dexora_core.freshness import ClockStallMonitor

JUMP_NS = NS_PER_S // 2


class WallPathClock:
    """Path time is monotonic time; stamps are wall-clock time."""

    is_simulated = False

    def __init__(self) -> None:
        self.now_ns = 0
        self._offset_ns: int | None = None
        self._jump: Fault | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a time."""
        return self._offset_ns is not None

    def update(self, monotonic_ns: int, wall_ns: int) -> None:
        """Read both clocks.

        Args:
            monotonic_ns: The machine's monotonic clock.
            wall_ns: The clock of message stamps.
        """
        offset_ns = wall_ns - monotonic_ns
        if self._offset_ns is not None and abs(offset_ns - self._offset_ns) > JUMP_NS:
            jump_s = round(ns_to_s(offset_ns - self._offset_ns), 3)
            self._jump = make_fault("DX-FRS-019", monotonic_ns, "", jump_s=jump_s)
        self.now_ns, self._offset_ns = monotonic_ns, offset_ns

    def to_path(self, stamp_ns: int) -> int:
        """Return a stamp in path time [ns]."""
        return stamp_ns - (self._offset_ns or 0)

    def to_ros(self, path_ns: int) -> int:
        """Return a path time as a stamp [ns]."""
        return path_ns + (self._offset_ns or 0)

    def faults(self, _monotonic_ns: int) -> list[Fault]:
        """Return what is wrong with the clock: a jump, told once."""
        jump, self._jump = self._jump, None
        return [] if jump is None else [jump]


class SimulatedPathClock:
    """Path time follows /clock and never runs backwards.

    Args:
        stall_ns: Steady time without an advance that stops the robot [ns].
    """

    is_simulated = True

    def __init__(self, stall_ns: int = 200 * NS_PER_MS) -> None:
        self.now_ns = 0
        self._reading_ns: int | None = None
        self._offset_ns = 0
        self._stall = ClockStallMonitor(stall_ns)
        self._jump: Fault | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a time."""
        return self._reading_ns is not None

    def update(self, monotonic_ns: int, reading_ns: int | None) -> None:
        """Take the newest simulated time.

        Args:
            monotonic_ns: The machine's monotonic clock.
            reading_ns: The simulated time; None when none arrived.
        """
        if reading_ns is None:
            return
        if self._reading_ns is not None and reading_ns < self._reading_ns:
            back_ns = self._reading_ns - reading_ns
            self._offset_ns += back_ns
            self._jump = make_fault("DX-FRS-019", self.now_ns, "", jump_s=round(-ns_to_s(back_ns), 3))
        self._reading_ns = reading_ns
        self.now_ns = reading_ns + self._offset_ns

    def to_path(self, stamp_ns: int) -> int:
        """Return a stamp in path time [ns]."""
        return stamp_ns + self._offset_ns

    def to_ros(self, path_ns: int) -> int:
        """Return a path time as a stamp [ns]."""
        return path_ns - self._offset_ns

    def faults(self, monotonic_ns: int) -> list[Fault]:
        """Return what is wrong with the clock: it stands still, or it jumped back, which is told once."""
        stalled = self._stall.update(monotonic_ns, self._reading_ns or 0)
        found = [fault for fault in (stalled, self._jump) if fault is not None]
        self._jump = None
        return found
