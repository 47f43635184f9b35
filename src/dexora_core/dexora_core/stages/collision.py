"""Eighth stage: keep a distance between the arms, and between an arm and the rest of the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dexora_core.clock import NS_PER_MS, ns_to_s
from dexora_core.faults import make_fault
from dexora_core.stages.base import Clearance, Stage, Step, Verdict


@dataclass(frozen=True, slots=True)
class CollisionLimits:
    """When the collision stage acts.

    Attributes:
        slow_m: Below this distance the robot slows [m].
        stop_m: Below this distance it stops, unless the goal leads apart [m].
        slow_scale: Fraction of the velocity limits that is left when slow, in (0, 1].
        stale_ns: A result older than this slows the robot [ns].
    """

    slow_m: float = 0.02
    stop_m: float = 0.01
    slow_scale: float = 0.25
    stale_ns: int = 100 * NS_PER_MS


class CollisionStage:
    """Slows and stops on the distance that is computed beside the tick.

    Args:
        inner: The stage wrapped by this one.
        limits: When to act.
    """

    name = "collision"

    def __init__(self, inner: Stage, limits: CollisionLimits) -> None:
        self._inner = inner
        self._limits = limits

    def __call__(self, step: Step) -> Verdict:
        """Judge the newest clearance of the request, if the check is in use."""
        clearance = step.request.clearance
        if clearance is not None and not step.stop.all():
            self._judge(step, clearance)
        return self._inner(step)

    def _judge(self, step: Step, clearance: Clearance) -> None:
        limits, age_ns = self._limits, step.now_ns - clearance.stamp_ns
        nearest = min(clearance.distance_m, clearance.ahead_m)
        if math.isnan(clearance.distance_m) or math.isnan(clearance.ahead_m):
            nearest = -math.inf
        parting = clearance.ahead_m > clearance.distance_m
        values: dict[str, Any] = {"distance_m": round(nearest, 4)}
        if nearest < limits.stop_m and not parting:
            step.mark(self.name, ~step.stop)
            step.halt(make_fault("DX-GAT-009", step.now_ns, clearance.pair, bound_m=limits.stop_m, **values))
        elif nearest < limits.slow_m:
            self._slow(step)
            step.faults.append(
                make_fault("DX-GAT-008", step.now_ns, clearance.pair, bound_m=limits.slow_m, **values)
            )
        elif age_ns > limits.stale_ns:
            self._slow(step)
            ages: dict[str, Any] = {"age_s": round(ns_to_s(age_ns), 3), "bound_s": ns_to_s(limits.stale_ns)}
            step.faults.append(make_fault("DX-GAT-010", step.now_ns, **ages))

    def _slow(self, step: Step) -> None:
        step.mark(self.name, ~step.stop)
        step.speed_scale = min(step.speed_scale, self._limits.slow_scale)
