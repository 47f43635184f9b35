"""Does the robot do what it is told: commanded against measured motion over a short time, per group."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_core.clock import NS_PER_MS
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault, make_fault
from dexora_core.motion.limits import FloatArray


@dataclass(frozen=True, slots=True)
class ExecutionConfig:
    """When a group counts as not following.

    Attributes:
        window_ns: Time over which motions are compared [ns].
        moved_rad: A joint must have been told to move by this much to be judged [rad].
        followed: Share of the commanded motion that must have been measured.
    """

    window_ns: int = 90 * NS_PER_MS
    moved_rad: float = 0.05
    followed: float = 0.1


class ExecutionMonitor:
    """Finds groups whose commands are accepted and not executed.

    Only groups that are not meant to meet resistance are to be watched: arms, not hands.

    Args:
        groups: Joint indices of the watched groups.
        config: When a group counts as not following.
    """

    def __init__(self, groups: Mapping[str, NDArray[np.intp]], config: ExecutionConfig | None = None) -> None:
        self._groups = dict(groups)
        self._config = config or ExecutionConfig()
        self._history: deque[tuple[int, FloatArray, FloatArray]] = deque()

    @classmethod
    def of_arms(cls, contract: RobotContract) -> ExecutionMonitor:
        """Watch the arms of a robot."""
        arms = (group.name for group in contract.groups if group.kind == "arm")
        return cls({name: contract.group_indices(name) for name in arms})

    def clear(self) -> None:
        """Forget the past, for instance when the command jumps to where the robot is."""
        self._history.clear()

    def check(self, now_ns: int, commanded: FloatArray, measured: FloatArray | None) -> list[Fault]:
        """Remember this tick and return the faults that hold now.

        Args:
            now_ns: The present.
            commanded: Commanded positions, shape (J,) [rad].
            measured: Measured positions, shape (J,) [rad]; None while there are none.
        """
        if measured is None:
            self.clear()
            return []
        history, window_ns = self._history, self._config.window_ns
        history.append((now_ns, commanded, measured))
        while len(history) > 1 and now_ns - history[1][0] >= window_ns:
            history.popleft()
        then_ns, told, seen = history[0]
        if now_ns - then_ns < window_ns:
            return []
        asked, done = commanded - told, measured - seen
        told_to_move = np.abs(asked) > self._config.moved_rad
        idle = told_to_move & (done * np.sign(asked) < self._config.followed * np.abs(asked))
        return [
            self._fault(now_ns, group, asked, done) for group, own in self._groups.items() if idle[own].any()
        ]

    def _fault(self, now_ns: int, group: str, asked: FloatArray, done: FloatArray) -> Fault:
        own = self._groups[group]
        worst = own[int(np.argmax(np.abs(asked[own] - done[own])))]
        detail = f"told to move by {asked[worst]:.3f} rad, moved by {done[worst]:.3f} rad"
        return make_fault("DX-GRP-005", now_ns, group, detail=detail)
