"""First stage: a number that is none stops the robot. No controller downstream would catch it."""

from __future__ import annotations

import numpy as np

from dexora_core.faults import make_fault
from dexora_core.motion.masks import every
from dexora_core.stages.base import Stage, Step, Verdict


class FiniteStage:
    """Stops all joints when a value asked for is NaN or infinite, or when nothing is asked for.

    Args:
        inner: The stage wrapped by this one.
        names: Joint names, for the fault's subject.
    """

    def __init__(self, inner: Stage, names: tuple[str, ...]) -> None:
        self._inner = inner
        self._names = names

    def __call__(self, step: Step) -> Verdict:
        """Check position, velocity and acceleration."""
        if step.wanted is None:
            step.halt()
            return self._inner(step)
        if isinstance(step.wanted, np.ndarray) and every(np.isfinite(step.wanted)):
            return self._inner(step)
        for row in step.wanted:
            finite = np.isfinite(row)
            if not every(finite):
                self._refuse(step, int(np.argmin(finite)), row.size)
                break
        return self._inner(step)

    def _refuse(self, step: Step, index: int, size: int) -> None:
        columns = step.request.names or self._names
        name = columns[index] if size == len(columns) else f"column {index}"
        step.halt(make_fault("DX-GAT-001", step.now_ns, name))
