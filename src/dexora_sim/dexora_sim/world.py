"""Ground truth of the simulated world, as task predicates and experts read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexora_sim.contacts import DIGITS, HANDS, PALM, TABLE_GEOM, ContactReader

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class BodyState:
    """Pose and speed of an object in the world frame.

    Attributes:
        position: Origin of the body [m], shape (3,).
        rotation: Rotation matrix T_world_body, shape (3, 3).
        velocity: Linear velocity of the origin [m/s], shape (3,).
        angular_velocity: In the world frame [rad/s], shape (3,).
    """

    position: FloatArray
    rotation: FloatArray = field(default_factory=lambda: np.eye(3))
    velocity: FloatArray = field(default_factory=lambda: np.zeros(3))
    angular_velocity: FloatArray = field(default_factory=lambda: np.zeros(3))


@dataclass(frozen=True)
class HandState:
    """Where a hand is, in the world frame.

    Attributes:
        palm: Position of the palm site [m], shape (3,).
        rotation: Rotation matrix of the palm site, T_world_palm, shape (3, 3).
        tips: Position of each fingertip site [m] by digit, shape (3,) each.
    """

    palm: FloatArray
    rotation: FloatArray = field(default_factory=lambda: np.eye(3))
    tips: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True)
class WorldState:
    """Everything a success predicate may know.

    Attributes:
        time_s: Simulated time since the reset in s.
        objects: State of each of the scene's objects by body name.
        hands: State of "left" and "right".
        contacts: For (hand, object): the digits (or "palm") that touch it; absent when none does.
        on_table: Objects that touch the table.
        touching: Pairs of objects that touch each other, each pair sorted.
        joints: Positions of the scene's own joints by name [rad or m].
    """

    time_s: float
    objects: Mapping[str, BodyState]
    hands: Mapping[str, HandState]
    contacts: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    on_table: frozenset[str] = frozenset()
    touching: frozenset[tuple[str, str]] = frozenset()
    joints: Mapping[str, float] = field(default_factory=dict)

    def digits(self, hand: str, name: str) -> frozenset[str]:
        """Return the digits of a hand that touch an object."""
        return self.contacts.get((hand, name), frozenset())

    def is_grasped(self, hand: str, name: str) -> bool:
        """Whether the thumb and at least one finger of a hand touch an object."""
        digits = self.digits(hand, name)
        return "thumb" in digits and bool(digits - {"thumb", PALM})


class WorldReader:
    """Reads the state of a scene out of MuJoCo.

    Args:
        model: Compiled model.
        objects: Names of the scene's bodies.
        table: Name of the table's geom.
    """

    def __init__(self, model: mujoco.MjModel, objects: tuple[str, ...], table: str = TABLE_GEOM) -> None:
        self._model = model
        self._objects = {name: model.body(name).id for name in objects}
        self._joints = {
            joint.name: int(joint.qposadr[0])
            for joint in (model.joint(i) for i in range(model.njnt))
            if model.jnt_type[joint.id] != mujoco.mjtJoint.mjJNT_FREE.value
            and model.jnt_bodyid[joint.id] >= min(self._objects.values(), default=model.nbody)
        }
        self._sites = {
            hand: (model.site(f"{hand}_palm").id, {d: model.site(f"{hand}_{d}_tip").id for d in DIGITS})
            for hand in HANDS
        }
        self._contacts = ContactReader(model, self._objects, table)

    def read(self, data: mujoco.MjData) -> WorldState:
        """Return the state of the world; `data` must be up to date (after a step or `mj_forward`)."""
        contacts = self._contacts.read(data)
        return WorldState(
            time_s=float(data.time),
            objects={name: self._body(data, body) for name, body in self._objects.items()},
            hands={hand: _hand(data, *sites) for hand, sites in self._sites.items()},
            contacts=contacts.hands,
            on_table=contacts.on_table,
            touching=contacts.touching,
            joints={name: float(data.qpos[address]) for name, address in self._joints.items()},
        )

    def _body(self, data: mujoco.MjData, body: int) -> BodyState:
        velocity = np.zeros(6)
        kind = mujoco.mjtObj.mjOBJ_XBODY.value
        mujoco.mj_objectVelocity(self._model, data, kind, body, velocity, 0)
        rotation = data.xmat[body].reshape(3, 3).copy()
        return BodyState(data.xpos[body].copy(), rotation, velocity[3:], velocity[:3])


def _hand(data: mujoco.MjData, palm: int, tips: Mapping[str, int]) -> HandState:
    return HandState(
        palm=data.site_xpos[palm].copy(),
        rotation=data.site_xmat[palm].reshape(3, 3).copy(),
        tips={digit: data.site_xpos[site].copy() for digit, site in tips.items()},
    )
