"""What the robot says about its joints, checked: names, finiteness, plausible steps, age per group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dexora_core.clock import NS_PER_MS, NS_PER_S
from dexora_core.contract import RobotContract
from dexora_core.errors import ContractError
from dexora_core.faults import Fault, make_fault
from dexora_core.freshness import AgeBound, AgeMonitor
from dexora_core.motion.limits import FloatArray, MotionLimits

Indices = Callable[[Sequence[str]], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class JointStateConfig:
    """Bounds of the joint state.

    Attributes:
        warn_ns: Age that degrades [ns].
        stop_ns: Age that stops [ns].
        dead_ns: Age beyond which a group's driver counts as dead [ns].
        bad_in_a_row: So many messages with NaN stop the robot.
        jump_factor: A joint may move by this multiple of what its velocity limit allows between two messages.
        jump_floor_rad: And by this much in any case, for noise [rad].
    """

    warn_ns: int = 30 * NS_PER_MS
    stop_ns: int = 50 * NS_PER_MS
    dead_ns: int = 100 * NS_PER_MS
    bad_in_a_row: int = 3
    jump_factor: float = 3.0
    jump_floor_rad: float = 0.1


def contract_indices(contract: RobotContract) -> Indices:
    """Return the function that finds names or aliases in the contract's order."""
    where = {name: index for index, name in enumerate(contract.joint_names)}

    def indices(names: Sequence[str]) -> NDArray[np.intp]:
        return np.array([where[name] for name in contract.resolve(list(names))], dtype=np.intp)

    return indices


class JointStateMonitor:
    """Collects the measured positions of all groups.

    Args:
        limits: Limits of the robot.
        indices: Positions of names in the contract's order; raises `ContractError` for unknown ones.
        config: Bounds.
    """

    def __init__(
        self, limits: MotionLimits, indices: Indices, config: JointStateConfig | None = None
    ) -> None:
        self._limits = limits
        self._indices = indices
        self._config = config or JointStateConfig()
        bounds = (
            AgeBound("DX-FRS-001", self._config.warn_ns),
            AgeBound("DX-FRS-002", self._config.stop_ns),
            AgeBound("DX-GRP-001", self._config.dead_ns),
        )
        self._ages = {group: AgeMonitor(group, *bounds) for group in limits.groups}
        self._bad = dict.fromkeys(limits.groups, 0)
        self._seen_ns = dict.fromkeys(limits.groups, 0)
        self._layouts: dict[tuple[str, ...], tuple[NDArray[np.intp], tuple[str, ...]]] = {}
        self._positions = np.full(limits.count, np.nan)

    @property
    def positions(self) -> FloatArray | None:
        """Newest positions in the contract's order, shape (J,) [rad]; None until every joint was seen."""
        return None if np.isnan(self._positions).any() else self._positions.copy()

    def arm(self, now_ns: int) -> None:
        """Start to expect every group."""
        for age in self._ages.values():
            age.arm(now_ns)

    def age_ns(self, now_ns: int) -> int:
        """Return the age of the oldest group [ns]."""
        return max(age.age_ns(now_ns) for age in self._ages.values())

    def dead_groups(self, now_ns: int) -> frozenset[str]:
        """Return the groups whose driver does not answer."""
        dead_ns = self._config.dead_ns
        return frozenset(group for group, age in self._ages.items() if age.age_ns(now_ns) > dead_ns)

    def update(
        self, now_ns: int, names: Sequence[str], positions: ArrayLike, stamp_ns: int | None = None
    ) -> Fault | None:
        """Take a message that holds one or more whole groups, or discard it.

        Args:
            now_ns: Time of arrival.
            names: Joint names of the message.
            positions: Their positions [rad].
            stamp_ns: The sender's stamp; a repeated one does not keep the signal alive.

        Returns:
            Why the message was discarded; None when it was taken.
        """
        values = np.asarray(positions, dtype=np.float64).reshape(-1)
        try:
            index, groups = self._layout(tuple(names))
        except ContractError as error:
            return make_fault("DX-FRS-005", now_ns, detail=error.message)
        if values.size != index.size:
            detail = f"{values.size} positions for {index.size} names"
            return make_fault("DX-FRS-005", now_ns, detail=detail)
        if not np.isfinite(values).all():
            return self._bad_values(now_ns, groups)
        jump = self._jump(now_ns, index, values, groups)
        if jump is not None:
            return jump
        self._positions[index] = values
        for group in groups:
            self._bad[group] = 0
            if self._ages[group].seen(now_ns, stamp_ns):
                self._seen_ns[group] = now_ns
        return None

    def check(self, now_ns: int) -> list[Fault]:
        """Return the faults that hold now: ages, and groups that keep sending NaN."""
        faults = [fault for age in self._ages.values() if (fault := age.check(now_ns)) is not None]
        for group, count in self._bad.items():
            if count >= self._config.bad_in_a_row:
                faults.append(make_fault("DX-FRS-004", now_ns, group, count=count))
        return faults

    def _layout(self, names: tuple[str, ...]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
        known = self._layouts.get(names)
        if known is not None:
            return known
        index = np.asarray(self._indices(names), dtype=np.intp)
        given = set(index.tolist())
        touched = {group: set(own.tolist()) for group, own in self._limits.groups.items() if given & set(own)}
        missing = sorted(set().union(*touched.values()) - given) if touched else []
        if missing or len(given) != len(index) or not touched:
            lacking = (
                ", ".join(self._limits.names[k] for k in missing) or "none, but names repeat or are absent"
            )
            raise ContractError(f"a joint state must hold whole groups, each joint once; missing: {lacking}")
        layout = (index, tuple(touched))
        if len(self._layouts) < 32:
            self._layouts[names] = layout
        return layout

    def _bad_values(self, now_ns: int, groups: tuple[str, ...]) -> Fault:
        for group in groups:
            self._bad[group] += 1
        return make_fault("DX-FRS-003", now_ns, ", ".join(groups))

    def _jump(
        self, now_ns: int, index: NDArray[np.intp], values: FloatArray, groups: tuple[str, ...]
    ) -> Fault | None:
        """Return the fault when a joint moved further than any motor could."""
        since_s = max(now_ns - min(self._seen_ns[group] for group in groups), 0) / NS_PER_S
        config = self._config
        bound = config.jump_floor_rad + config.jump_factor * self._limits.velocity[index] * since_s
        jump = np.abs(values - self._positions[index])
        over = jump > bound
        if not over.any():
            return None
        worst = int(np.argmax(np.where(over, jump, 0.0)))
        numbers = {"jump_rad": round(float(jump[worst]), 3), "bound_rad": round(float(bound[worst]), 3)}
        return make_fault("DX-GAT-012", now_ns, self._limits.names[index[worst]], **numbers)
