"""Second stage: values reach the joint they were meant for, by name, or they reach none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dexora_core.errors import ContractError
from dexora_core.faults import make_fault
from dexora_core.motion.limits import FloatArray
from dexora_core.motion.masks import every
from dexora_core.stages.base import Stage, Step, Verdict

Permute = Callable[[tuple[str, ...]], NDArray[np.intp]]


class OrderStage:
    """Puts the goal into the contract's order; a wrong size or an unknown name stops all joints.

    Args:
        inner: The stage wrapped by this one.
        permute: Index array that brings values in the order of given names into the contract's order;
            raises `ContractError` when the names do not fit.
    """

    def __init__(self, inner: Stage, permute: Permute) -> None:
        self._inner = inner
        self._permute = permute
        self._known: dict[tuple[str, ...], NDArray[np.intp]] = {}

    def __call__(self, step: Step) -> Verdict:
        """Fill `step.goal`; when all joints stop, it is to rest where they are."""
        wanted, count = step.wanted, step.stop.size
        if isinstance(wanted, list):
            wrong = next(row.size for row in wanted if row.size != count)
            step.halt(make_fault("DX-GAT-002", step.now_ns, count=wrong, expected=count))
        elif wanted is not None and not every(step.stop):
            self._order(step, wanted)
        if every(step.stop):
            step.goal = np.zeros(step.state.shape)
            step.goal[0] = step.state[0]
        return self._inner(step)

    def _order(self, step: Step, goal: FloatArray) -> None:
        names = step.request.names
        if names is None:
            step.goal = goal
            return
        index = self._known.get(names)
        if index is None:
            try:
                index = self._permute(names)
            except ContractError as error:
                step.halt(make_fault("DX-GAT-014", step.now_ns, detail=error.message))
                return
            if len(self._known) < 16:
                self._known[names] = index
        step.goal = goal[:, index]
