"""Where on the table each hand works well, and where the robot starts; checked against its reach by a test."""

from __future__ import annotations

import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.tasks.placing import Region

FORWARD_M = 0.48
"""Distance of the working area's middle in front of the robot's base."""

LEFT = Region(FORWARD_M, 0.20, 0.05, 0.07)
RIGHT = Region(FORWARD_M, -0.20, 0.05, 0.07)
MIDDLE = Region(FORWARD_M, 0.0, 0.03, 0.04)
OF_HAND = {"left": LEFT, "right": RIGHT}
BOX = Region(FORWARD_M, 0.0, 0.03, 0.03, 0.15)
BOTTLE = Region(FORWARD_M, 0.0, 0.03, 0.04)
HANDOVER = {"left": Region(FORWARD_M, 0.12, 0.03, 0.04), "right": Region(FORWARD_M, -0.12, 0.03, 0.04)}
ROW = tuple(Region(FORWARD_M, y_m, 0.05, 0.02, 0.5) for y_m in (0.13, 0.0, -0.13))
"""Places of the three objects of `reach`; both hands reach all of them."""

_READY_RIGHT_RAD = (-1.794, -0.685, 0.350, 0.902, 1.586, -0.028)
"""The right palm 36 cm in front, 30 cm to the side, 15 cm above the table, facing inwards."""
_MIRROR = (-1.0, 1.0, 1.0, -1.0, -1.0, -1.0)
"""Signs that turn a pose of the right arm into the mirrored one of the left arm."""
_START_SPREAD_RAD = 0.03


def ready_rad(contract: RobotContract) -> NDArray[np.float64]:
    """Return the pose from which tasks start [rad], shape (J,): both hands ready beside the working area.

    Joints that it does not name stay at the contract's home, which for the arms is folded over the table.
    """
    pose = np.array(contract.home_rad)
    for index, (angle, sign) in enumerate(zip(_READY_RIGHT_RAD, _MIRROR, strict=True), 1):
        for name, value in ((f"right_arm_joint_{index}", angle), (f"left_arm_joint_{index}", sign * angle)):
            if name in contract.joint_names:
                pose[contract.joint_names.index(name)] = value
    return pose


def start_rad(contract: RobotContract, seed: int, randomisation: Randomisation) -> NDArray[np.float64]:
    """Return the start pose of an episode [rad], shape (J,): `ready_rad`, varied by the seed with the objects' poses."""
    pose = ready_rad(contract)
    if randomisation.pose != "off":
        pose += stream(seed, "start").uniform(-_START_SPREAD_RAD, _START_SPREAD_RAD, len(pose))
    return np.clip(pose, contract.lower_rad, contract.upper_rad)
