"""Eighth stage: keep a distance between the arms, and between an arm and the rest of the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dexora_core.clock import NS_PER_MS, ns_to_s
from dexora_core.faults import Fault, Level, make_fault
from dexora_core.motion.masks import every
from dexora_core.stages.base import Clearance, Stage, Step, Verdict


@dataclass(frozen=True, slots=True)
class CollisionLimits:
    """How the collision stage acts; the distances come with each clearance.

    Attributes:
        slow_scale: Fraction of the velocity limits that is left when slow, in (0, 1].
        stale_ns: A result older than this slows the robot [ns].
    """

    slow_scale: float = 0.25
    stale_ns: int = 100 * NS_PER_MS


class CollisionStage:
    """Slows and stops on the distance that is computed beside the tick.

    Args:
        inner: The stage wrapped by this one.
        limits: How to act.
    """

    name = "collision"

    def __init__(self, inner: Stage, limits: CollisionLimits) -> None:
        self._inner = inner
        self._limits = limits

    def __call__(self, step: Step) -> Verdict:
        """Judge the newest clearance of the request, if the check is in use."""
        clearance = step.request.clearance
        if clearance is not None and not every(step.stop):
            fault = judge_clearance(step.now_ns, clearance, self._limits.stale_ns)
            if fault is not None:
                self._act(step, fault)
        return self._inner(step)

    def _act(self, step: Step, fault: Fault) -> None:
        step.mark(self.name, ~step.stop)
        if fault.level >= Level.SOFT_STOP:
            step.halt(fault)
        else:
            step.faults.append(fault)
            step.speed_scale = min(step.speed_scale, self._limits.slow_scale)


def judge_clearance(now_ns: int, clearance: Clearance, stale_ns: int) -> Fault | None:
    """Return why the robot stops (L2) or slows (L1); None when it may move as it likes.

    Args:
        now_ns: The present.
        clearance: What the collision check said last.
        stale_ns: Age from which on it slows the robot [ns].
    """
    figures = (clearance.distance_m, clearance.ahead_m, clearance.slow_m, clearance.stop_m)
    nearest = min(figures[:2])
    is_void = any(math.isnan(figure) for figure in figures)
    parting = clearance.ahead_m > clearance.distance_m
    values: dict[str, Any] = {"distance_m": round(nearest, 4)}
    if is_void or (nearest < clearance.stop_m and not parting):
        return make_fault("DX-GAT-009", now_ns, clearance.pair, bound_m=clearance.stop_m, **values)
    if nearest < clearance.slow_m:
        return make_fault("DX-GAT-008", now_ns, clearance.pair, bound_m=clearance.slow_m, **values)
    age_ns = now_ns - clearance.stamp_ns
    if age_ns > stale_ns:
        ages: dict[str, Any] = {"age_s": round(ns_to_s(age_ns), 3), "bound_s": ns_to_s(stale_ns)}
        return make_fault("DX-GAT-010", now_ns, **ages)
    return None
