"""How smooth a motion is: root mean squares of acceleration and jerk, as shares of the joints' limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dexora_core.motion.limits import FloatArray, MotionLimits


@dataclass(frozen=True)
class Smoothness:
    """Of one motion, over time and all joints.

    Attributes:
        acceleration: Root mean square as a share of each joint's acceleration limit.
        jerk: Root mean square as a share of each joint's jerk limit.
    """

    acceleration: float
    jerk: float


def smoothness(positions: FloatArray, step_s: float, limits: MotionLimits) -> Smoothness:
    """Return the smoothness of a motion sampled evenly, by finite differences.

    What happens between two samples is not seen: at 20 Hz these are the parts of acceleration and jerk below
    10 Hz, for every strategy alike.

    Args:
        positions: Joint positions, shape (T, J) [rad].
        step_s: Time between two samples [s].
        limits: Of the robot.

    Returns:
        Zeros where there are fewer samples than a third difference takes.
    """
    if len(positions) < 4:
        return Smoothness(0.0, 0.0)
    acceleration = np.diff(positions, 2, axis=0) / step_s**2 / limits.acceleration
    jerk = np.diff(positions, 3, axis=0) / step_s**3 / limits.jerk
    return Smoothness(_rms(acceleration), _rms(jerk))


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))
