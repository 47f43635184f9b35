"""The twelve-joint hand: joint table of the release, sizes of a large human hand (assumed).

Frame of the hand: z along the straight fingers, x out of the palm, thumb on +y (right hand) or -y (left
hand). The left hand is the exact mirror image of the right one at y = 0, with the same joint values.
Positive angles: thumb_bend swings the thumb from the side in front of the palm, index_bend swings the index
towards the thumb, every other joint closes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dexora_description.generate.geometry import Pose, along, looking, pose
from dexora_description.generate.tree import CameraMount, Frame, Joint, Link, Servo, Shape

Vector = tuple[float, float, float]

PALM_SIZE_M = (0.030, 0.088, 0.090)
PALM_CENTRE_Z_M = 0.066
PALM_MASS_KG = 0.70
FINGER_RADIUS_M = 0.0095
KNUCKLE_X_M = 0.003
THUMB_BASE_M = (0.006, 0.024, 0.030)
THUMB_JOINTS = 3
# Links that overlap the palm at their joint.
NEXT_TO_PALM = (1, 2, 4, 5, 7, 9, 11)
SWING_LENGTH_M = 0.006
THUMB_LENGTHS_M = (0.026, 0.045, 0.034)
WRIST_CAMERA_FOV_DEG = 75.0

# A closed finger must hold a can and must not crush it: 0.8 N m is about 9 N at the tip.
FINGER_SERVO = Servo(stiffness=3.0, damping=0.075, max_torque=0.8, armature=5e-4, friction=0.005)


@dataclass(frozen=True)
class Finger:
    """One finger: first joint number, knuckle across and along the palm, lengths of its two phalanges [m]."""

    name: str
    first_joint: int
    across: float
    along: float
    proximal: float
    distal: float
    swings: bool = False


FINGERS = (
    Finger("index", 4, 0.0340, 0.112, 0.046, 0.036, swings=True),
    Finger("mid", 7, 0.0115, 0.120, 0.048, 0.038),
    Finger("ring", 9, -0.0115, 0.116, 0.046, 0.036),
    Finger("pinky", 11, -0.0335, 0.108, 0.040, 0.031),
)


def hand_links(side: str, flange: Pose) -> list[Link]:
    """Return the links of one hand, base first; `flange` is the hand's base in the arm's last link."""
    hand = _Hand(side)
    return [hand.base(flange), *hand.thumb(), *(link for finger in FINGERS for link in hand.finger(finger))]


@dataclass(frozen=True)
class _Pivot:
    """Where a link turns: joint number, parent link, origin in the parent [m] and axis."""

    number: int
    parent: str
    at: Vector
    axis: Vector


class _Hand:
    """Builds links for one side; `sign` mirrors everything at y = 0."""

    def __init__(self, side: str) -> None:
        self._side = side
        self._sign = 1.0 if side == "right" else -1.0

    def base(self, flange: Pose) -> Link:
        palm = Shape("box", PALM_SIZE_M, pose((0, 0, PALM_CENTRE_Z_M)), "graphite")
        wrist_at, wrist_length = along((0, 0, 0), (0, 0, 0.025))
        pad = Shape("box", (0.004, 0.070, 0.070), pose((0.0165, 0, 0.070)), "rubber", rubber=True)
        camera_at = (0.082, 0.0, 0.000)
        return Link(
            name=f"{self._side}_hand_base",
            parent=f"{self._side}_arm_link_6",
            pose=flange,
            mass=PALM_MASS_KG,
            shapes=(
                palm,
                pad,
                Shape("cylinder", (0.030, wrist_length), wrist_at, f"{self._side}_accent"),
                Shape("box", (0.060, 0.012, 0.012), pose((0.050, 0, -0.004)), "graphite", collides=False),
                Shape("box", (0.022, 0.030, 0.016), pose((0.082, 0, -0.012)), "shell", collides=False),
            ),
            layer="body",
            frames=(Frame(f"{self._side}_palm", pose((0.0185, 0, 0.070))),),
            cameras=(
                CameraMount(
                    f"wrist_{self._side}",
                    looking(camera_at, (0.055, 0, 0.150), (1, 0, 0)),
                    WRIST_CAMERA_FOV_DEG,
                ),
            ),
            apart=(f"{self._side}_arm_link_5", f"{self._side}_arm_link_4"),
        )

    def thumb(self) -> list[Link]:
        root, first, second = THUMB_LENGTHS_M
        x, y, z = THUMB_BASE_M
        side = self._sign
        flex = (side, 0.0, 0.0)
        bend = self._moving(
            _Pivot(1, "hand_base", (x, y * side, z), (0.0, 0.0, -side)), 0.05, 0.013, (0, root * side, 0)
        )
        proximal = self._moving(
            _Pivot(2, "hand_link_1", (0, root * side, 0), flex), 0.04, 0.011, (0, first * side, 0)
        )
        distal = _Pivot(3, "hand_link_2", (0, first * side, 0), flex)
        return [bend, proximal, self._tip(distal, "thumb", 0.0105, (0, second * side, 0))]

    def finger(self, finger: Finger) -> list[Link]:
        number, parent = finger.first_joint, "hand_base"
        at: Vector = (KNUCKLE_X_M, finger.across * self._sign, finger.along)
        links = []
        if finger.swings:
            knuckle = _Pivot(number, parent, at, (-self._sign, 0.0, 0.0))
            links.append(self._moving(knuckle, 0.02, 0.0105, (0.0, 0.0, SWING_LENGTH_M)))
            number, parent, at = number + 1, f"hand_link_{number}", (0.0, 0.0, SWING_LENGTH_M)
        curl = (0.0, 1.0, 0.0)
        bone_end = (0.0, 0.0, finger.proximal)
        links.append(self._moving(_Pivot(number, parent, at, curl), 0.035, FINGER_RADIUS_M, bone_end))
        distal = _Pivot(number + 1, f"hand_link_{number}", bone_end, curl)
        links.append(self._tip(distal, finger.name, FINGER_RADIUS_M, (0.0, 0.0, finger.distal)))
        return links

    def _moving(
        self, pivot: _Pivot, mass: float, radius: float, end: Vector, material: str = "graphite"
    ) -> Link:
        where, length = along((0, 0, 0), end)
        return Link(
            name=f"{self._side}_hand_link_{pivot.number}",
            parent=f"{self._side}_{pivot.parent}",
            pose=pose(pivot.at),
            mass=mass,
            shapes=(Shape("capsule", (radius, length), where, material, rubber=True),),
            layer=f"{self._side}_thumb" if pivot.number <= THUMB_JOINTS else f"{self._side}_fingers",
            joint=Joint(f"{self._side}_hand_joint_{pivot.number}", pivot.axis, FINGER_SERVO),
            apart=(f"{self._side}_hand_base",) if pivot.number in NEXT_TO_PALM else (),
        )

    def _tip(self, pivot: _Pivot, name: str, radius: float, end: Vector) -> Link:
        where, length = along((0, 0, 0), end)
        mass = 0.03 if name == "thumb" else 0.025
        return replace(
            self._moving(pivot, mass, radius, end, "rubber"),
            frames=(Frame(f"{self._side}_{name}_tip", pose(end)),),
            touch=Shape("capsule", (radius + 0.003, length), where, "rubber"),
        )
