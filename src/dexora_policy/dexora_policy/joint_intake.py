"""The newest joint positions in the contract's order, with the time of the oldest among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from dexora_core.clock import NS_PER_MS
from dexora_core.contract import RobotContract
from dexora_core.errors import ContractError
from dexora_core.faults import Fault, make_fault
from dexora_core.joint_state import contract_indices
from dexora_core.motion.limits import FloatArray, IndexArray
from numpy.typing import ArrayLike

# Lists of names that are remembered; a robot has one per driver.
_MOST_LAYOUTS = 32


class JointIntake:
    """Collects joint states, from one message or from one per driver.

    Args:
        contract: The robot.
        bound_ns: Joints measured longer ago than this are not inferred from [ns].
    """

    def __init__(self, contract: RobotContract, bound_ns: int) -> None:
        self._names = contract.joint_names
        self._indices = contract_indices(contract)
        self._bound_ns = bound_ns
        self._layouts: dict[tuple[str, ...], IndexArray] = {}
        self.forget()

    def forget(self) -> None:
        """Forget what arrived so far, for instance when the clock jumped."""
        self._positions = np.full(len(self._names), np.nan)
        self._stamps_ns = np.zeros(len(self._names), np.int64)

    @property
    def positions(self) -> FloatArray | None:
        """Newest positions in the contract's order, shape (J,) [rad]; None until every joint was seen."""
        return None if np.isnan(self._positions).any() else self._positions.copy()

    @property
    def stamp_ns(self) -> int:
        """When the joint seen longest ago was measured [ns]; 0 until every joint was seen."""
        return int(self._stamps_ns.min())

    def offer(self, now_ns: int, names: Sequence[str], positions: ArrayLike, stamp_ns: int) -> Fault | None:
        """Take a joint state, or return why it is of no use.

        Args:
            now_ns: When it arrived.
            names: Its joints, any of the contract's.
            positions: Their positions [rad].
            stamp_ns: When they were measured [ns].
        """
        values = np.asarray(positions, dtype=np.float64).reshape(-1)
        try:
            index = self._layout(tuple(names))
        except ContractError as error:
            return make_fault("DX-POL-009", now_ns, detail=error.message)
        if values.size != index.size:
            detail = f"{values.size} positions for {index.size} names"
            return make_fault("DX-POL-009", now_ns, detail=detail)
        bad = ~np.isfinite(values)
        if bad.any():
            name = self._names[index[int(np.argmax(bad))]]
            return make_fault("DX-POL-009", now_ns, detail=f"NaN or infinity at {name}")
        self._positions[index] = values
        self._stamps_ns[index] = min(stamp_ns, now_ns)
        return None

    def check(self, now_ns: int) -> Fault | None:
        """Return why nothing may be inferred now; None when every joint is known and fresh."""
        missing = [name for name, value in zip(self._names, self._positions, strict=True) if np.isnan(value)]
        if missing:
            detail = f"{', '.join(missing[:4])}{' and more' if len(missing) > 4 else ''} not seen yet"
            return make_fault("DX-POL-009", now_ns, detail=detail)
        age_ns = now_ns - self.stamp_ns
        if age_ns <= self._bound_ns:
            return None
        values = {"age_ms": age_ns // NS_PER_MS, "bound_ms": self._bound_ns // NS_PER_MS}
        return make_fault("DX-POL-010", now_ns, "", **values)

    def _layout(self, names: tuple[str, ...]) -> IndexArray:
        known = self._layouts.get(names)
        if known is None:
            known = self._indices(names)
            if not len(known):
                raise ContractError("it names no joint")
            if len(self._layouts) < _MOST_LAYOUTS:
                self._layouts[names] = known
        return known
