"""What every strategy offers, and what it is told about a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dexora_core.curve import ChunkCurve
from dexora_core.motion.limits import FloatArray


@dataclass(frozen=True, slots=True)
class Offer:
    """What a strategy decided about a new chunk.

    Attributes:
        accepted: Whether it takes part in the motion from now on.
        code: Fault code of the reason to refuse it, or of a remark; empty when there is nothing to say.
        late_steps: Steps by which it came too late for its prefix.
    """

    accepted: bool
    code: str = ""
    late_steps: int = 0


class Strategy(Protocol):
    """Turns overlapping chunks into one motion. Times are those of the motion, not of the caller.

    The timeline has already dropped chunks that are older than the one in force, of another epoch, wholly in
    the past or too far in the future.
    """

    name: str

    @property
    def end_ns(self) -> int | None:
        """When the motion ends; None without a chunk."""

    @property
    def current(self) -> ChunkCurve | None:
        """The chunk in force; None without one."""

    def accept(self, at_ns: int, curve: ChunkCurve) -> Offer:
        """Take a new chunk, of use from `at_ns` on, or refuse it."""

    def state_at(self, at_ns: int) -> FloatArray | None:
        """Return position, velocity, acceleration, shape (3, J); None where the motion has ended."""

    def preview(self, at_ns: int) -> FloatArray | None:
        """Return the state at a later time as things stand, without a change to the motion."""

    def clear(self) -> None:
        """Forget all chunks; none of them comes back."""
