"""How the command path is doing, for `CommandStatus` and for diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dexora_core.clock import ns_to_s
from dexora_core.timeline import Splice, Timeline


@dataclass(frozen=True, slots=True)
class PathStatus:
    """How the command path is doing.

    Attributes:
        source: Source of the chunk in force; empty when holding.
        chunk_sequence: Its sequence number; 0 when holding.
        strategy: Name of the strategy.
        buffered_s: Time left in the chunk in force [s].
        committed_steps: Steps of it that already shape the motion.
        delay_s: Delay of the newest chunk [s]; 0 before there is one.
        splice: What the last change of chunk meant; None before there was one.
        accepted: Chunks accepted.
        discards: Refused chunks by fault code.
        clamps: Ticks in which a stage of the gate acted, by stage.
        ticks: Ticks so far.
    """

    source: str
    chunk_sequence: int
    strategy: str
    buffered_s: float
    committed_steps: int
    delay_s: float
    splice: Splice | None
    accepted: int
    discards: Mapping[str, int]
    clamps: Mapping[str, int]
    ticks: int

    @classmethod
    def of(cls, timeline: Timeline, at_ns: int, clamps: Mapping[str, int], ticks: int) -> PathStatus:
        """Collect the status for the moment `at_ns`: the present and the lookahead."""
        chunk, delay_ns = timeline.chunk, timeline.delay.newest_ns
        return cls(
            source="" if chunk is None else chunk.source,
            chunk_sequence=0 if chunk is None else chunk.sequence,
            strategy=timeline.strategy,
            buffered_s=ns_to_s(timeline.buffered_ns(at_ns)),
            committed_steps=timeline.committed_steps(at_ns),
            delay_s=0.0 if delay_ns is None else ns_to_s(delay_ns),
            splice=timeline.splice,
            accepted=timeline.accepted,
            discards=dict(timeline.discards),
            clamps=dict(clamps),
            ticks=ticks,
        )
