"""`blend`: cross-fade from the old to the new chunk over a fixed time."""

from __future__ import annotations

from dexora_core.clock import NS_PER_MS
from dexora_core.curve import ChunkCurve
from dexora_core.strategies.motions import Crossfade, Eased, Motion
from dexora_core.strategies.single import SingleChunk


class BlendStrategy(SingleChunk):
    """Fades over the overlap; where the old motion ends too early, the difference to it fades instead.

    Args:
        duration_ns: Time of the cross-fade.
    """

    name = "blend"

    def __init__(self, duration_ns: int = 100 * NS_PER_MS) -> None:
        super().__init__()
        self._duration_ns = duration_ns

    def join(self, at_ns: int, old: Motion, curve: ChunkCurve) -> Motion:
        """Fade from `old` to `curve`."""
        if old.end_ns >= at_ns + self._duration_ns:
            return Crossfade(at_ns, old, curve, self._duration_ns)
        return Eased(at_ns, old.state_at(at_ns), curve, self._duration_ns)
