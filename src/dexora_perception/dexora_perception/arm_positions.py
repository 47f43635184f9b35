"""Where the arms are, by the joint states: a camera that shows no change while they move is frozen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from dexora_core.contract import RobotContract
from dexora_core.errors import ContractError
from numpy.typing import NDArray


class ArmPositions:
    """The newest positions of the arms' joints.

    Args:
        contract: The robot; its groups of kind `arm` count.
    """

    def __init__(self, contract: RobotContract) -> None:
        self._contract = contract
        arms = [group.name for group in contract.groups if group.kind == "arm"]
        self._indices = [contract.group_indices(arm) for arm in arms]
        self._order: NDArray[np.intp] | None = None
        self._names: tuple[str, ...] = ()
        self.newest: NDArray[np.float64] | None = None

    def offer(self, names: Sequence[str], positions: Sequence[float]) -> None:
        """Take a joint state; one that does not fit the contract, or with NaN, is not looked at.

        Args:
            names: Joint names in any order.
            positions: Their positions [rad].
        """
        if not self._indices or len(names) != len(positions) or not self._follows(tuple(names)):
            return
        values = np.asarray(positions, np.float64)[self._order]
        if np.isfinite(values).all():
            longest = max(len(index) for index in self._indices)
            self.newest = np.stack([np.resize(values[index], longest) for index in self._indices])

    def _follows(self, names: tuple[str, ...]) -> bool:
        if names != self._names:
            self._names = names
            try:
                self._order = self._contract.permutation(names)
            except ContractError:
                self._order = None
        return self._order is not None
