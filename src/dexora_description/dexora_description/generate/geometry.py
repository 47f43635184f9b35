"""Poses, rotations and inertias of primitives, in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """A frame in its parent frame: position [m], shape (3,), and rotation matrix, shape (3, 3)."""

    position: Array
    rotation: Array

    def __matmul__(self, other: Pose) -> Pose:
        return Pose(self.position + self.rotation @ other.position, self.rotation @ other.rotation)

    @property
    def rpy(self) -> Array:
        """Roll, pitch, yaw about fixed axes [rad] as URDF counts them, shape (3,)."""
        r = self.rotation
        level = np.hypot(r[0, 0], r[1, 0])
        pitch = np.arctan2(-r[2, 0], level)
        if level > 1e-9:
            return np.array([np.arctan2(r[2, 1], r[2, 2]), pitch, np.arctan2(r[1, 0], r[0, 0])])
        return np.array([np.arctan2(-r[1, 2], r[1, 1]), pitch, 0.0])

    @property
    def quaternion(self) -> Array:
        """Unit quaternion (w, x, y, z) with w >= 0, shape (4,)."""
        r = self.rotation
        k = np.array(
            [
                [r[0, 0] - r[1, 1] - r[2, 2], 0.0, 0.0, 0.0],
                [r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], 0.0, 0.0],
                [r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1], 0.0],
                [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], np.trace(r)],
            ]
        )
        _, vectors = np.linalg.eigh(k / 3.0)
        x, y, z, w = vectors[:, -1]
        quaternion = np.array([w, x, y, z])
        sign_of = quaternion[np.flatnonzero(np.abs(quaternion) > 1e-9)[0]]
        return quaternion if sign_of > 0 else -quaternion


def pose(position: ArrayLike = (0.0, 0.0, 0.0), rotation: Array | None = None) -> Pose:
    """Return a pose from a position [m] and, if given, a rotation matrix."""
    return Pose(np.asarray(position, dtype=float), np.eye(3) if rotation is None else rotation)


def rotation_x(angle_rad: float) -> Array:
    """Return the rotation about x, shape (3, 3)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def rotation_y(angle_rad: float) -> Array:
    """Return the rotation about y, shape (3, 3)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def rotation_z(angle_rad: float) -> Array:
    """Return the rotation about z, shape (3, 3)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def along(start: ArrayLike, end: ArrayLike) -> tuple[Pose, float]:
    """Return the pose at the middle of a segment with z along it, and the segment's length [m]."""
    a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    length = float(np.linalg.norm(b - a))
    z = (b - a) / length
    helper = np.array([1.0, 0.0, 0.0]) if abs(z[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    x = np.cross(helper, z)
    x /= np.linalg.norm(x)
    return Pose((a + b) / 2.0, np.column_stack([x, np.cross(z, x), z])), length


def looking(position: ArrayLike, target: ArrayLike, up: ArrayLike = (0.0, 0.0, 1.0)) -> Pose:
    """Return the optical frame (z forward, x right, y down) of a camera at `position` that sees `target`."""
    eye = np.asarray(position, dtype=float)
    z = np.asarray(target, dtype=float) - eye
    z /= np.linalg.norm(z)
    x = np.cross(z, np.asarray(up, dtype=float))
    x /= np.linalg.norm(x)
    return Pose(eye, np.column_stack([x, np.cross(z, x), z]))


def box_inertia(size: tuple[float, ...]) -> Array:
    """Return a box's inertia about its centre per kilogram [m2], shape (3, 3); `size` are full edges [m]."""
    a, b, c = (edge * edge for edge in size)
    return np.diag([b + c, a + c, a + b]) / 12.0


def cylinder_inertia(radius: float, length: float) -> Array:
    """Return the inertia about its centre per kilogram [m2] of a cylinder along z, shape (3, 3)."""
    across = (3.0 * radius**2 + length**2) / 12.0
    return np.diag([across, across, radius**2 / 2.0])


def sphere_inertia(radius: float) -> Array:
    """Return a sphere's inertia about its centre per kilogram [m2], shape (3, 3)."""
    return np.eye(3) * (0.4 * radius**2)
