"""Finger postures and palm orientations that several experts share.

Order of the twelve joints: thumb bend, thumb 1, thumb 2, index side swing, then two joints each of index,
middle, ring and little finger; positive closes, in rad.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dexora_sim.experts.arms import Pose, facing

FloatArray = NDArray[np.float64]
_SKIN_M = 0.003
_ALONG_FINGERS_M = 0.012
"""A bar lies in the bend of the fingers, a little beyond the palm's middle."""
INWARD = {"left": -1.0, "right": 1.0}
"""Direction along the world's y axis in which a hand's palm faces when it grasps from the side."""


def posture(thumb: tuple[float, float, float], fingers: tuple[float, float]) -> FloatArray:
    """Return hand joint targets [rad], shape (12,), with all four fingers alike."""
    return np.array([*thumb, 0.0, *(fingers * 4)])


OPEN = posture((1.2, -0.3, 0.0), (0.05, 0.05))
"""Fingers straight, thumb in front of the palm and out of the way."""
FLAT = posture((0.0, 0.0, 0.0), (0.05, 0.05))
"""A flat hand, thumb to the side."""
WRAP = posture((1.35, 0.9, 0.9), (1.35, 1.35))
"""Closed around a can; what it holds stops the fingers before they get there."""
JAW_OPEN = posture((1.8, -0.69, 1.5), (1.6, 0.0))
"""Thumb and fingers stand off the palm like the jaws of a gripper."""
JAW_CLOSED = posture((1.8, 0.05, 1.5), (1.9, 0.3))
POINT = np.array([0.9, 0.9, 0.9, 0.0, 0.05, 0.05, *((1.5, 1.5) * 3)])
"""The index finger points, the others are closed."""


def side_grasp(hand: str) -> FloatArray:
    """Return T_world_palm, shape (3, 3): fingers level, palm inwards and a little back."""
    return facing((-0.35, INWARD[hand], 0.0), (1.0, 0.0, -0.04))


def around(point: FloatArray, radius_m: float, rotation: FloatArray) -> Pose:
    """Return the palm pose from which the fingers close around a bar.

    Args:
        point: Where the hand's middle meets the bar's axis, world frame [m], shape (3,).
        radius_m: Radius of the bar.
        rotation: T_world_palm, shape (3, 3).
    """
    grip = np.array([radius_m + _SKIN_M, 0.0, _ALONG_FINGERS_M])
    return Pose(point - rotation @ grip, rotation)
