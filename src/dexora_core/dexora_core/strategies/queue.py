"""`queue`: LeRobot's asynchronous client, as a baseline: overlapping steps are averaged 0.3 old, 0.7 new."""

from __future__ import annotations

from dataclasses import replace

from dexora_core.curve import ChunkCurve
from dexora_core.strategies.motions import Motion
from dexora_core.strategies.single import SingleChunk


class QueueStrategy(SingleChunk):
    """Averages the steps of the new chunk with the old motion where both exist.

    Args:
        new_weight: Weight of the new chunk in the overlap, in [0, 1].
    """

    name = "queue"

    def __init__(self, new_weight: float = 0.7) -> None:
        super().__init__()
        self._new_weight = new_weight

    def join(self, at_ns: int, old: Motion, curve: ChunkCurve) -> Motion:
        """Merge step by step; steps before `at_ns` are skipped by time."""
        chunk = curve.chunk
        positions = chunk.positions.copy()
        for step in range(chunk.horizon):
            due_ns = chunk.start_ns + step * chunk.step_ns
            if at_ns <= due_ns <= old.end_ns:
                positions[step] += (1 - self._new_weight) * (old.state_at(due_ns)[0] - positions[step])
        return ChunkCurve(replace(chunk, positions=positions))
