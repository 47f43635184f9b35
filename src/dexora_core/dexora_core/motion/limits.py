"""Position, velocity, acceleration and jerk limits of all joints, and the groups that share a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dexora_core.errors import ContractError

if TYPE_CHECKING:
    from dexora_core.contract import RobotContract

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]

INNER = 1.0 - 1e-6
"""Plans aim this fraction inside every limit, so that rounding can never carry them across it."""


@dataclass(frozen=True)
class MotionLimits:
    """Limits of J joints; all arrays have shape (J,) in the contract's order.

    Attributes:
        names: Joint names.
        lower: Lower position limits [rad].
        upper: Upper position limits [rad].
        velocity: Velocity limits [rad/s].
        acceleration: Acceleration limits [rad/s2].
        jerk: Jerk limits [rad/s3].
        groups: Joint indices of each group, by group name.
    """

    names: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    velocity: FloatArray
    acceleration: FloatArray
    jerk: FloatArray
    groups: dict[str, IndexArray]

    def __post_init__(self) -> None:
        rates = np.stack([self.velocity, self.acceleration, self.jerk])
        usable = np.isfinite(rates).all(axis=0) & (rates > 0.0).all(axis=0)
        span = self.upper - self.lower
        usable &= np.isfinite(span) & (span > 0.0)
        if not usable.all():
            bad = ", ".join(name for name, good in zip(self.names, usable, strict=True) if not good)
            msg = f"limits of {bad} are unusable; every limit must be finite and positive, lower below upper"
            raise ContractError(msg)

    @classmethod
    def from_contract(cls, contract: RobotContract) -> MotionLimits:
        """Take the limits of a robot from its contract."""
        return cls(
            contract.joint_names,
            contract.lower_rad,
            contract.upper_rad,
            contract.max_velocity_rad_s,
            contract.max_acceleration_rad_s2,
            contract.max_jerk_rad_s3,
            {group.name: contract.group_indices(group.name) for group in contract.groups},
        )

    @property
    def count(self) -> int:
        """Number of joints J."""
        return len(self.names)

    @property
    def middle(self) -> FloatArray:
        """Middle of the position range [rad], shape (J,)."""
        return 0.5 * (self.lower + self.upper)

    @property
    def half_range(self) -> FloatArray:
        """Half of the position range [rad], shape (J,)."""
        return 0.5 * (self.upper - self.lower)
