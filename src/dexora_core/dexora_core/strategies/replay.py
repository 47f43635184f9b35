"""`replay`: the public release's way, as a baseline: a chunk is played to its end, however late it came."""

from __future__ import annotations

from dataclasses import replace

from dexora_core.curve import ChunkCurve
from dexora_core.strategies.base import Offer
from dexora_core.strategies.motions import Motion
from dexora_core.strategies.single import SingleChunk


class ReplayStrategy(SingleChunk):
    """Plays every step of a chunk from the moment it arrives; refuses others until it has ended."""

    name = "replay"

    def accept(self, at_ns: int, curve: ChunkCurve) -> Offer:
        """Start the chunk at `at_ns` unless another one is being played."""
        if self.covers(at_ns):
            return Offer(False, "DX-CHK-014")
        return super().accept(at_ns, ChunkCurve(replace(curve.chunk, start_ns=at_ns)))

    def join(self, at_ns: int, old: Motion, curve: ChunkCurve) -> Motion:
        """Go on with the new chunk, without regard to the old one."""
        return curve
