"""Keeps the newest clearance: how old it is, and whether it knows the motion that is asked for by now."""

from __future__ import annotations

from typing import Any

from dexora_core.clock import NS_PER_MS
from dexora_core.command_types import AgeBounds
from dexora_core.faults import Fault, make_fault
from dexora_core.stages.base import Clearance
from dexora_core.stages.collision import judge_clearance


class ClearanceWatch:
    """What the command path knows of the collision check beside it.

    Args:
        bounds: Ages that slow and stop.
        is_needed: Whether its silence stops the robot.
        now_ns: The present; from now on it is expected.
    """

    def __init__(self, bounds: AgeBounds, is_needed: bool, now_ns: int) -> None:
        self._bounds, self._is_needed = bounds, is_needed
        self._newest: Clearance | None = None
        self._seen_ns = self._asked_ns = now_ns
        self._is_asked = False

    @property
    def newest(self) -> Clearance | None:
        """The newest clearance; None before the first."""
        return self._newest

    def take(self, now_ns: int, clearance: Clearance) -> None:
        """Take a result; one that repeats a stamp is no sign of life.

        Args:
            now_ns: The present.
            clearance: The result.
        """
        if self._newest is None or clearance.stamp_ns != self._newest.stamp_ns:
            self._seen_ns = now_ns
        self._newest = clearance

    def asked(self, now_ns: int, is_asked: bool) -> None:
        """Tell in every tick whether somebody asks for motion.

        Args:
            now_ns: The present.
            is_asked: Whether it is so.
        """
        if is_asked and not self._is_asked:
            self._asked_ns = now_ns
        self._is_asked = is_asked

    @property
    def is_waiting(self) -> bool:
        """Whether motion has to wait, because parts are near and the result is older than the wish.

        A robot that rests within a margin may only part; whether the new motion does, the next result tells.
        """
        newest = self._newest
        if newest is None or newest.stamp_ns >= self._asked_ns:
            return False
        return min(newest.distance_m, newest.ahead_m) < newest.slow_m

    def silence(self, now_ns: int) -> list[Fault]:
        """Return the fault when the check is needed and has been silent, or judges what is past.

        Args:
            now_ns: The present.
        """
        stamp_ns = self._seen_ns if self._newest is None else self._newest.stamp_ns
        age_ns = now_ns - min(self._seen_ns, stamp_ns)
        if not self._is_needed or age_ns <= self._bounds.stop_ns:
            return []
        values: dict[str, Any] = {
            "age_ms": age_ns // NS_PER_MS,
            "bound_ms": self._bounds.stop_ns // NS_PER_MS,
        }
        return [make_fault("DX-GAT-015", now_ns, **values)]

    def collision(self, now_ns: int) -> list[Fault]:
        """Return the fault when a motion that the gate does not see, an action's, comes too near.

        Args:
            now_ns: The present.
        """
        if self._newest is None or self.is_waiting:
            return []
        fault = judge_clearance(now_ns, self._newest, self._bounds.warn_ns)
        return [fault] if fault is not None and fault.code == "DX-GAT-009" else []
