"""First stage: a number that is none stops the robot. No controller downstream would catch it."""

from __future__ import annotations

import numpy as np

from dexora_core.faults import make_fault
from dexora_core.stages.base import Stage, Step, Verdict, as_floats


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
        """Check position, velocity, acceleration and speed scale."""
        request = step.request
        if request.position is None:
            step.halt()
            return self._inner(step)
        for values in (request.position, request.velocity, request.acceleration):
            flat = as_floats(values, 1)
            finite = np.isfinite(flat)
            if not finite.all():
                self._refuse(step, int(np.argmin(finite)), flat.size)
                break
        return self._inner(step)

    def _refuse(self, step: Step, index: int, size: int) -> None:
        columns = step.request.names or self._names
        name = columns[index] if size == len(columns) else f"column {index}"
        step.halt(make_fault("DX-GAT-001", step.now_ns, name))
