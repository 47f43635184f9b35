"""The six-joint arm: published kinematics, assumed masses and drives.

Kinematics are the release's KDL parameters ("play_short", modified Denavit-Hartenberg, frame k on joint k).
The mount at the shoulder is described in `body.py`. Both arms have the same parameters: the right arm is not
the left one's mirror image joint by joint, as on the real robot.
"""

from __future__ import annotations

import numpy as np

from dexora_description.generate.geometry import Pose, along, pose, rotation_x, rotation_z
from dexora_description.generate.tree import Joint, Link, Servo, Shape

# Offset between the mechanical zero of joints 2 and 3 and the straight arm.
ELBOW_OFFSET_RAD = np.deg2rad(21.93)
UPPER_ARM_M = 0.270092
SHOULDER_M = 0.1127
FOREARM_M = 0.290149
FLANGE_M = 0.0864995
# (alpha, a, d, theta offset) of frames 1 to 6; frame 7 is the flange, FLANGE_M along z.
DH = (
    (0.0, 0.0, SHOULDER_M, 0.0),
    (np.pi / 2, 0.0, 0.0, np.pi - ELBOW_OFFSET_RAD),
    (0.0, UPPER_ARM_M, 0.0, np.pi / 2 + ELBOW_OFFSET_RAD),
    (-np.pi / 2, 0.0, FOREARM_M, -np.pi / 2),
    (np.pi / 2, 0.0, 0.0, 0.0),
    (-np.pi / 2, 0.0, 0.0, 0.0),
)
# About 4.3 kg without the base, the class of arm that carries 3 to 5 kg of hand and load.
MASSES_KG = (0.75, 1.25, 0.90, 0.60, 0.45, 0.30)
BASE_MASS_KG = 0.8

# Servo drives hold a constant small lag: damping / stiffness is 25 ms for every joint. Stiffness is set so
# that the loaded, outstretched arm is still damped to 0.8. Torques carry 2 kg at full stretch and the
# contract's accelerations. Gravity on the robot itself is compensated, as such drives do.
PROXIMAL = Servo(stiffness=4000.0, damping=100.0, max_torque=30.0, armature=0.10, friction=0.2)
DISTAL = Servo(stiffness=500.0, damping=12.5, max_torque=10.0, armature=0.02, friction=0.05)


def arm_links(side: str, mount: Pose) -> list[Link]:
    """Return the links of one arm, base first; `mount` is the arm's base in `base_link`."""
    prefix = f"{side}_arm"
    base_shapes = (_rod("cylinder", 0.045, (0, 0, 0.0), (0, 0, 0.062), "shell"),)
    links = [Link(f"{prefix}_base", "base_link", mount, BASE_MASS_KG, base_shapes, "body")]
    for index, (alpha, a, d, theta) in enumerate(DH):
        number = index + 1
        twist = (
            pose(rotation=rotation_x(alpha))
            @ pose((a, 0, 0))
            @ pose(rotation=rotation_z(theta))
            @ pose((0, 0, d))
        )
        links.append(
            Link(
                name=f"{prefix}_link_{number}",
                parent=links[-1].name,
                pose=twist,
                mass=MASSES_KG[index],
                shapes=_shapes(number),
                layer="body",
                joint=Joint(f"{prefix}_joint_{number}", (0.0, 0.0, 1.0), PROXIMAL if number <= 3 else DISTAL),
                apart=_apart(prefix, number),
            )
        )
    return links


def _apart(prefix: str, number: int) -> tuple[str, ...]:
    """Bodies two joints further in: they touch by design at the shoulder and in the wrist."""
    inner = {
        1: ("base",),
        2: ("base",),
        3: ("link_1",),
        4: ("link_2",),
        5: ("link_3",),
        6: ("link_4", "link_3"),
    }
    names = tuple(f"{prefix}_{name}" for name in inner[number])
    return (*names, "base_link") if number == 1 else names


def _shapes(number: int) -> tuple[Shape, ...]:
    if number == 1:
        return (
            _rod("cylinder", 0.044, (0, 0, -0.050), (0, 0, -0.018), "joint"),
            _rod("cylinder", 0.042, (0, -0.045, 0), (0, 0.045, 0), "shell"),
        )
    if number == 2:
        return (_rod("capsule", 0.036, (0, 0, 0), (UPPER_ARM_M, 0, 0), "shell"),)
    if number == 3:
        return (
            _rod("cylinder", 0.038, (0, 0, -0.042), (0, 0, 0.042), "joint"),
            _rod("capsule", 0.032, (0, 0, 0), (0, FOREARM_M - 0.115, 0), "shell"),
        )
    if number == 4:
        return (_rod("cylinder", 0.030, (0, 0, -0.100), (0, 0, -0.012), "shell"),)
    if number == 5:
        return (_rod("cylinder", 0.031, (0, 0, -0.034), (0, 0, 0.034), "joint"),)
    return (_rod("cylinder", 0.029, (0, 0, 0.028), (0, 0, FLANGE_M - 0.004), "shell"),)


def _rod(kind: str, radius: float, start: tuple[float, ...], end: tuple[float, ...], material: str) -> Shape:
    where, length = along(start, end)
    return Shape(kind, (radius, length), where, material)
