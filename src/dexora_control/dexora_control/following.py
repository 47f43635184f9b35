"""Does the robot do what it is told: finds commands that are taken and not executed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from dexora_core.clock import NS_PER_MS
from dexora_core.faults import Fault, make_fault
from dexora_core.motion.limits import FloatArray
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FollowingBounds:
    """When a group counts as not following.

    Attributes:
        window_ns: Time over which commanded and measured motion are compared [ns].
        moved_rad: A command that moved less says nothing [rad].
        share: Measured motion must be at least this share of the commanded one [1].
    """

    window_ns: int = 100 * NS_PER_MS
    moved_rad: float = 0.03
    share: float = 0.2


class FollowingMonitor:
    """Compares how far arms were told to move with how far they moved.

    Args:
        groups: Joint indices of the groups to watch. Hands are left out: a grasp is meant to hold them back.
        bounds: When to complain.
    """

    def __init__(self, groups: Mapping[str, NDArray[np.intp]], bounds: FollowingBounds | None = None) -> None:
        self._groups = groups
        self._bounds = bounds or FollowingBounds()
        self._history: deque[tuple[int, FloatArray, FloatArray]] = deque()

    def reset(self) -> None:
        """Forget what was seen."""
        self._history.clear()

    def check(self, now_ns: int, commanded: FloatArray, measured: FloatArray | None) -> list[Fault]:
        """Add a sample and compare it with that of a window ago.

        Args:
            now_ns: The present.
            commanded: Commanded positions, shape (J,) [rad].
            measured: Measured positions, shape (J,) [rad]; None when there are none.
        """
        if measured is None:
            self.reset()
            return []
        history, bounds = self._history, self._bounds
        if not history or now_ns > history[-1][0]:
            history.append((now_ns, commanded, measured))
        while len(history) > 1 and now_ns - history[1][0] >= bounds.window_ns:
            history.popleft()
        if now_ns - history[0][0] < bounds.window_ns:
            return []
        told, moved = np.abs(commanded - history[0][1]), np.abs(measured - history[0][2])
        return [fault for group in self._groups if (fault := self._judge(now_ns, group, told, moved))]

    def _judge(self, now_ns: int, group: str, told: FloatArray, moved: FloatArray) -> Fault | None:
        index, bounds = self._groups[group], self._bounds
        far = told[index] > bounds.moved_rad
        if not far.any() or (moved[index][far] >= bounds.share * told[index][far]).any():
            return None
        worst = float(told[index].max())
        window_ms = bounds.window_ns // NS_PER_MS
        detail = f"told to move {worst:.3f} rad in {window_ms} ms, moved {moved[index].max():.3f} rad"
        return make_fault("DX-GRP-005", now_ns, group, detail=detail)
