"""How old is what moves the robot: ages of every leg from capture to command, over a window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from dexora_core.chunk import ChunkStamps
from dexora_core.clock import NS_PER_S


@dataclass(frozen=True, slots=True)
class LegFigures:
    """Ages of one leg [s].

    Attributes:
        leg: Name, such as `capture_to_tokens`.
        count: Samples in the window.
        p50: Median.
        p95: 95th percentile.
        p99: 99th percentile.
        largest: Largest of the window.
    """

    leg: str
    count: int
    p50: float
    p95: float
    p99: float
    largest: float


class LegAges:
    """Collects the ages of the chunks that arrive.

    Args:
        window: Chunks that are remembered.
    """

    def __init__(self, window: int = 200) -> None:
        self._window = window
        self._legs: dict[str, deque[int]] = {}

    def add(self, arrival_ns: int, command_ns: int, stamps: ChunkStamps) -> None:
        """Note a chunk that was taken.

        Args:
            arrival_ns: When it arrived.
            command_ns: When its first command goes out.
            stamps: Its chain of stamps; a link of zero leaves its legs out.
        """
        chain = {
            "capture_to_tokens": (stamps.oldest_camera_ns, stamps.token_ns),
            "tokens_to_inference": (stamps.token_ns, stamps.inference_start_ns),
            "joint_state_to_inference": (stamps.joint_state_ns, stamps.inference_start_ns),
            "inference": (stamps.inference_start_ns, stamps.inference_end_ns),
            "inference_to_arrival": (stamps.inference_end_ns, arrival_ns),
            "arrival_to_command": (arrival_ns, command_ns),
            "capture_to_command": (stamps.oldest_camera_ns, command_ns),
            "joint_state_to_command": (stamps.joint_state_ns, command_ns),
        }
        for leg, (begin_ns, end_ns) in chain.items():
            if begin_ns and end_ns:
                self._legs.setdefault(leg, deque(maxlen=self._window)).append(end_ns - begin_ns)

    def figures(self) -> list[LegFigures]:
        """Return the ages of every leg that has samples."""
        return [self._describe(leg, ages) for leg, ages in self._legs.items()]

    @staticmethod
    def _describe(leg: str, ages: deque[int]) -> LegFigures:
        p50, p95, p99 = np.percentile(ages, (50, 95, 99)) / NS_PER_S
        return LegFigures(leg, len(ages), float(p50), float(p95), float(p99), max(ages) / NS_PER_S)
