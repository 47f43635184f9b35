"""The pose in which tasks start: both hands open and ready beside the working area.

The contract's home pose folds the arms over the table and holds a hand where the objects stand.
"""

from __future__ import annotations

import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_sim.randomisation import Randomisation, draw, stream
from dexora_sim.ranges import RANGES

_RIGHT_ARM_RAD = np.array((-1.794, -0.685, 0.350, 0.902, 1.586, -0.028))
"""The right palm 36 cm in front, 30 cm to the side, 15 cm above the table, facing inwards."""
_MIRROR = np.array((-1.0, 1.0, 1.0, -1.0, -1.0, -1.0))
"""Signs that turn a pose of the right arm into the mirrored one of the left arm."""
_HAND_RAD = np.array((0.2, 0.4, 0.1, 0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1))
"""Thumb half out, fingers almost straight; the hands are mirror images at equal values."""


def ready_rad(contract: RobotContract) -> NDArray[np.float64]:
    """Return the pose from which tasks start [rad], shape (J,), contract order."""
    pose = np.array(contract.home_rad)
    pose[contract.group_indices("right_arm")] = _RIGHT_ARM_RAD
    pose[contract.group_indices("left_arm")] = _MIRROR * _RIGHT_ARM_RAD
    for hand in ("left_hand", "right_hand"):
        pose[contract.group_indices(hand)] = _HAND_RAD
    return pose


def start_rad(contract: RobotContract, seed: int, levels: Randomisation) -> NDArray[np.float64]:
    """Return the start pose of an episode [rad], shape (J,): `ready_rad`, its arms varied by the seed."""
    pose = ready_rad(contract)
    if levels.start != "off":
        rng = stream(seed, "start")
        for arm in ("left_arm", "right_arm"):
            indices = contract.group_indices(arm)
            pose[indices] += draw(rng, RANGES["start_rad"][levels.start], len(indices))
    return np.clip(pose, contract.lower_rad, contract.upper_rad)
