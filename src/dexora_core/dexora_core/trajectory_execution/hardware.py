"""What a controller needs from a group of joints: read a sample, write positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IndexArray: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class JointSample:
    """State of some joints at one instant.

    Attributes:
        position: Shape (J,), rad.
        velocity: Shape (J,), rad/s.
        effort: Shape (J,), N m.
        stamp_ns: When the state was true [ns].
    """

    position: FloatArray
    velocity: FloatArray
    effort: FloatArray
    stamp_ns: int


class JointGroupHardware(Protocol):
    """One group of joints: a driver, a simulator, or either wrapped in a fault."""

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the group's joints, in the order of every array."""
        ...

    def read(self) -> JointSample:
        """Return the newest sample without waiting.

        Raises:
            HardwareError: The device does not answer.
        """
        ...

    def write(self, position: FloatArray) -> None:
        """Send set-points, shape (J,), rad.

        Raises:
            HardwareError: The device does not take them.
        """
        ...
