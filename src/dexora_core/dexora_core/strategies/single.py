"""What strategies with one chunk in force have in common."""

from __future__ import annotations

from dexora_core.curve import ChunkCurve
from dexora_core.motion.limits import FloatArray
from dexora_core.strategies.base import Offer
from dexora_core.strategies.motions import Motion


class SingleChunk:
    """Holds the chunk in force and, until its first step is due, the one that follows it.

    Subclasses say in `join` how the new chunk continues the old motion.
    """

    def __init__(self) -> None:
        self._current: ChunkCurve | None = None
        self._next: ChunkCurve | None = None
        self._motion: Motion | None = None

    @property
    def current(self) -> ChunkCurve | None:
        """The chunk in force, or the first one that waits for its time; None without one."""
        return self._current or self._next

    @property
    def end_ns(self) -> int | None:
        """When the motion ends; None without a chunk."""
        ends = [part.end_ns for part in (self._motion, self._next) if part is not None]
        return max(ends) if ends else None

    def clear(self) -> None:
        """Forget all chunks."""
        self._current = self._next = self._motion = None

    def accept(self, at_ns: int, curve: ChunkCurve) -> Offer:
        """Let `curve` follow as soon as its first step is due."""
        self._next = curve
        self._turn(at_ns)
        return Offer(True)

    def state_at(self, at_ns: int) -> FloatArray | None:
        """Return the state of the motion; None where it has ended."""
        self._turn(at_ns)
        if self._motion is not None:
            self._motion = self._motion.settled(at_ns)
        return self.preview(at_ns)

    def preview(self, at_ns: int) -> FloatArray | None:
        """Return the state at a later time as things stand, without a change to the motion."""
        follows = self._next is not None and at_ns >= self._next.start_ns
        motion = self._next if follows else self._motion
        if motion is None or at_ns > motion.end_ns:
            return None
        return motion.state_at(at_ns)

    def covers(self, at_ns: int) -> bool:
        """Return whether the motion in force lasts until `at_ns`."""
        return self._motion is not None and at_ns <= self._motion.end_ns

    def join(self, at_ns: int, old: Motion, curve: ChunkCurve) -> Motion:
        """Return the motion that goes from `old` to `curve` from `at_ns` on."""
        raise NotImplementedError

    def _turn(self, at_ns: int) -> None:
        curve = self._next
        if curve is None or (at_ns < curve.start_ns and self.covers(at_ns)):
            return
        old = None if self._motion is None else self._motion.settled(at_ns)
        self._current, self._next = curve, None
        self._motion = self.join(at_ns, old, curve) if old is not None and at_ns <= old.end_ns else curve
