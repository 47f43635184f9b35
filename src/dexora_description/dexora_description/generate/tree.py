"""The kinematic tree that both writers read: links, joints, shapes, frames and cameras [m, rad]."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dexora_description.generate.geometry import Pose, box_inertia, cylinder_inertia, sphere_inertia


@dataclass(frozen=True)
class Shape:
    """One primitive on a link.

    Args:
        kind: "box" (size = full edge lengths), "cylinder" or "capsule" (size = radius, length along z without
            the caps), or "sphere" (size = radius).
        size: see `kind` [m].
        pose: pose of the shape's centre in the link frame.
        material: name in `MATERIALS`.
        collides: whether contacts are computed; all shapes are drawn.
        rubber: true for the soft, grippy surfaces of the hand.
    """

    kind: str
    size: tuple[float, ...]
    pose: Pose
    material: str
    collides: bool = True
    rubber: bool = False

    @property
    def volume(self) -> float:
        """Volume [m3]."""
        if self.kind == "box":
            return float(np.prod(self.size))
        if self.kind == "sphere":
            return 4.0 / 3.0 * np.pi * self.size[0] ** 3
        radius, length = self.size
        caps = 4.0 / 3.0 * np.pi * radius**3 if self.kind == "capsule" else 0.0
        return float(np.pi * radius**2 * length + caps)

    def unit_inertia(self) -> NDArray[np.float64]:
        """Inertia about the centre per kilogram in the link's axes [m2], shape (3, 3).

        A capsule counts as the cylinder of its full length: a few per cent too much, never too little.
        """
        if self.kind == "box":
            local = box_inertia(self.size)
        elif self.kind == "sphere":
            local = sphere_inertia(self.size[0])
        else:
            radius, length = self.size
            local = cylinder_inertia(radius, length + (2 * radius if self.kind == "capsule" else 0.0))
        rotation = self.pose.rotation
        return rotation @ local @ rotation.T


@dataclass(frozen=True)
class Servo:
    """A joint's drive as the twin models it; all values are assumed, the vendors publish none.

    Args:
        stiffness: position gain [N m/rad].
        damping: velocity gain [N m s/rad].
        max_torque: what the drive can give at most [N m].
        armature: rotor inertia behind the gear [kg m2].
        friction: dry friction [N m].
    """

    stiffness: float
    damping: float
    max_torque: float
    armature: float
    friction: float


@dataclass(frozen=True)
class Joint:
    """A revolute joint: contract name, axis in the link frame, and its drive."""

    name: str
    axis: tuple[float, float, float]
    servo: Servo


@dataclass(frozen=True)
class Frame:
    """A named frame fixed to a link, without mass; MuJoCo calls it a site."""

    name: str
    pose: Pose


@dataclass(frozen=True)
class CameraMount:
    """A camera: contract view, pose of its optical frame (z forward, x right, y down) and view angle."""

    view: str
    pose: Pose
    vertical_fov_deg: float


@dataclass(frozen=True)
class Link:
    """One rigid body and how it hangs on its parent. Without a joint it is fixed.

    `layer` groups bodies for contact filtering, see `mjcf.py`. `apart` names bodies whose contact with this
    one is never computed, because the joints between them cannot bring them apart.
    """

    name: str
    parent: str | None
    pose: Pose
    mass: float
    shapes: tuple[Shape, ...]
    layer: str
    joint: Joint | None = None
    frames: tuple[Frame, ...] = ()
    cameras: tuple[CameraMount, ...] = ()
    touch: Shape | None = None
    apart: tuple[str, ...] = field(default=())

    @cached_property
    def centre_of_mass(self) -> NDArray[np.float64]:
        """Centre of mass in the link frame [m], shape (3,)."""
        weights = self._weights()
        return np.sum(
            [w * shape.pose.position for w, shape in zip(weights, self.shapes, strict=True)], axis=0
        )

    @cached_property
    def inertia(self) -> NDArray[np.float64]:
        """Inertia about the centre of mass in the link's axes [kg m2], shape (3, 3).

        The mass is spread evenly over the shapes, so the result is physically consistent by construction.
        """
        total = np.zeros((3, 3))
        for weight, shape in zip(self._weights(), self.shapes, strict=True):
            offset = shape.pose.position - self.centre_of_mass
            parallel = float(offset @ offset) * np.eye(3) - np.outer(offset, offset)
            total += weight * self.mass * (shape.unit_inertia() + parallel)
        return total

    def _weights(self) -> NDArray[np.float64]:
        volumes = np.array([shape.volume for shape in self.shapes])
        return volumes / volumes.sum()
