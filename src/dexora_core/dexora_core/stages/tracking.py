"""Seventh stage: the robot follows its commands, or it is stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from dexora_core.clock import ns_to_s
from dexora_core.faults import make_fault
from dexora_core.motion.limits import FloatArray
from dexora_core.motion.masks import some
from dexora_core.stages.base import Stage, Step, Verdict


class TrackingStage:
    """Stops all joints when one stays further from its command than its bound for some time.

    A joint that is meant to meet resistance, such as a finger in a grasp, has an infinite bound.

    Args:
        inner: The stage wrapped by this one.
        names: Joint names, for the fault's subject.
        bound: Largest difference [rad], shape (J,).
        grace_ns: For how long it may be exceeded [ns].
    """

    name = "tracking"

    def __init__(self, inner: Stage, names: tuple[str, ...], bound: FloatArray, grace_ns: int) -> None:
        self._inner = inner
        self._names = names
        self._bound = bound
        self._grace_ns = grace_ns
        self._since_ns: int | None = None

    def reset(self) -> None:
        """Forget what was seen."""
        self._since_ns = None

    def __call__(self, step: Step) -> Verdict:
        """Compare the measured positions with the command."""
        measured = step.request.measured
        if measured is None:
            return self._inner(step)
        if measured.shape != step.stop.shape:
            step.halt(make_fault("DX-GAT-002", step.now_ns, count=measured.size, expected=step.stop.size))
            return self._inner(step)
        error = np.abs(measured - step.state[0])
        over = error > self._bound
        if not some(over):
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = step.now_ns
        if self._since_ns is not None and step.now_ns - self._since_ns >= self._grace_ns:
            self._stop(step, error, step.now_ns - self._since_ns)
            step.mark(self.name, over)
        return self._inner(step)

    def _stop(self, step: Step, error: FloatArray, lasted_ns: int) -> None:
        worst = int(np.argmax(np.where(np.isfinite(error), error - self._bound, -np.inf)))
        values: dict[str, Any] = {
            "error_rad": round(float(error[worst]), 4),
            "bound_rad": float(self._bound[worst]),
            "time_s": round(ns_to_s(lasted_ns), 3),
        }
        step.halt(make_fault("DX-GAT-007", step.now_ns, self._names[worst], **values))
