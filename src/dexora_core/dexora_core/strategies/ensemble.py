"""`ensemble`: ACT's temporal ensembling, as a baseline: the mean of all chunks that speak about a time."""

from __future__ import annotations

import math

from dexora_core.curve import ChunkCurve
from dexora_core.motion.limits import FloatArray
from dexora_core.strategies.base import Offer


class EnsembleStrategy:
    """Averages with weights exp(-m i), i = 0 for the oldest chunk, so that older ones weigh more.

    Args:
        decay: The m of the weights.
        capacity: Number of chunks that are remembered.
    """

    name = "ensemble"

    def __init__(self, decay: float = 0.01, capacity: int = 32) -> None:
        self._decay = decay
        self._capacity = capacity
        self._curves: list[ChunkCurve] = []

    @property
    def current(self) -> ChunkCurve | None:
        """The newest chunk; None without one."""
        return self._curves[-1] if self._curves else None

    @property
    def end_ns(self) -> int | None:
        """When the last of the chunks ends; None without a chunk."""
        return max((curve.end_ns for curve in self._curves), default=None)

    def clear(self) -> None:
        """Forget all chunks."""
        self._curves.clear()

    def accept(self, at_ns: int, curve: ChunkCurve) -> Offer:
        """Add the chunk, and drop those that have ended."""
        self._curves = [old for old in self._curves if old.end_ns >= at_ns][1 - self._capacity :]
        self._curves.append(curve)
        return Offer(True)

    def state_at(self, at_ns: int) -> FloatArray | None:
        """Return the weighted mean of all chunks that cover `at_ns`; the only one yet to come rests."""
        valid = [curve for curve in self._curves if curve.covers(at_ns)]
        if not valid:
            coming = [curve for curve in self._curves if at_ns < curve.start_ns]
            return coming[0].state_at(at_ns) if coming else None
        weights = [math.exp(-self._decay * age) for age in range(len(valid))]
        total = sum(weights)
        state = (weights[0] / total) * valid[0].state_at(at_ns)
        for weight, curve in zip(weights[1:], valid[1:], strict=True):
            state += (weight / total) * curve.state_at(at_ns)
        return state

    def preview(self, at_ns: int) -> FloatArray | None:
        """Return the state at a later time; asking does not change the motion."""
        return self.state_at(at_ns)
