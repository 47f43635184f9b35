"""Forward kinematics of a URDF: where every link is, from joint positions. The job of robot_state_publisher.

Vectorised over joints and over any leading batch axes; one call for 36 joints costs well under a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dexora_core.errors import DexoraError

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]
MOVABLE = ("revolute", "continuous", "prismatic")


class KinematicsError(DexoraError):
    """A robot model is malformed, or positions do not fit it."""


@dataclass(frozen=True)
class UrdfJoint:
    """One joint: how `child` stands on `parent`.

    Args:
        name: joint name.
        kind: "fixed", "revolute", "continuous" or "prismatic".
        parent: parent link.
        child: child link.
        translation: origin of the child in the parent at position 0 [m], shape (3,).
        quaternion: rotation of the child in the parent at position 0, (w, x, y, z), shape (4,).
        axis: unit axis in the child's frame, shape (3,).
        lower: lower limit [rad or m]; -inf where there is none.
        upper: upper limit [rad or m]; inf where there is none.
    """

    name: str
    kind: str
    parent: str
    child: str
    translation: FloatArray
    quaternion: FloatArray
    axis: FloatArray
    lower: float
    upper: float


@dataclass(frozen=True)
class Transforms:
    """Child-in-parent transforms: frame names, translations [m] (n, 3), quaternions (w, x, y, z) (n, 4)."""

    parents: tuple[str, ...]
    children: tuple[str, ...]
    translations: FloatArray
    quaternions: FloatArray


class KinematicTree:
    """A robot's links and joints, ready for fast forward kinematics.

    Args:
        name: the robot's name.
        joints: all joints in any order; together they must form one tree.

    Errors:
        KinematicsError: a link has two parents, or there is no single root.
    """

    def __init__(self, name: str, joints: tuple[UrdfJoint, ...]) -> None:
        self.name = name
        self.root = _single_root(joints)
        self._ordered, self._levels = _by_depth(self.root, joints)
        moving = [index for index, joint in enumerate(self._ordered) if joint.kind in MOVABLE]
        self._moving = np.array(moving, dtype=np.intp)
        self._slides = np.array([self._ordered[index].kind == "prismatic" for index in moving], dtype=bool)
        self._offsets = np.array([joint.translation for joint in self._ordered]).reshape(-1, 3)
        self._turns = np.array([joint.quaternion for joint in self._ordered]).reshape(-1, 4)
        self._axes = np.array([self._ordered[index].axis for index in moving]).reshape(-1, 3)

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the movable joints, parents before children; positions follow this order."""
        return tuple(self._ordered[index].name for index in self._moving)

    @cached_property
    def link_names(self) -> tuple[str, ...]:
        """All links, the root first, parents before children."""
        return (self.root, *(joint.child for joint in self._ordered))

    @property
    def joints(self) -> tuple[UrdfJoint, ...]:
        """All joints, parents before children."""
        return self._ordered

    def joint(self, name: str) -> UrdfJoint:
        """Return a joint by name; `KinematicsError` lists the movable ones."""
        for joint in self._ordered:
            if joint.name == name:
                return joint
        msg = f"robot {self.name} has no joint '{name}'; movable joints are {', '.join(self.joint_names)}"
        raise KinematicsError(msg)

    def static_transforms(self) -> Transforms:
        """Return the transforms of the fixed joints; they never change."""
        fixed = [index for index, joint in enumerate(self._ordered) if joint.kind not in MOVABLE]
        return self._transforms(np.array(fixed, dtype=np.intp), self._offsets[fixed], self._turns[fixed])

    def moving_transforms(self, positions: FloatArray) -> Transforms:
        """Return the transforms of the movable joints.

        Args:
            positions: joint positions [rad or m] in the order of `joint_names`, shape (n,).

        Errors:
            KinematicsError: the number of positions does not fit, or one is not finite.
        """
        positions = self._checked(positions)
        if positions.ndim != 1:
            raise KinematicsError(
                f"positions have shape {positions.shape}; transforms need one pose, shape (n,)"
            )
        translations, quaternions = self._local(positions)
        return self._transforms(self._moving, translations[self._moving], quaternions[self._moving])

    def link_poses(self, positions: FloatArray) -> FloatArray:
        """Return the pose of every link in the root's frame.

        Args:
            positions: joint positions in the order of `joint_names`, shape (..., n).

        Returns:
            Homogeneous transforms in the order of `link_names`, shape (..., links, 4, 4).

        Errors:
            KinematicsError: as `moving_transforms`.
        """
        translations, quaternions = self._local(self._checked(positions))
        local = np.zeros((*translations.shape[:-1], 4, 4))
        local[..., :3, :3] = rotation_matrices(quaternions)
        local[..., :3, 3] = translations
        local[..., 3, 3] = 1.0
        poses = np.empty((*translations.shape[:-2], len(self._ordered) + 1, 4, 4))
        poses[..., 0, :, :] = np.eye(4)
        for parents, children in self._levels:
            poses[..., children, :, :] = poses[..., parents, :, :] @ local[..., children - 1, :, :]
        return poses

    def _checked(self, positions: FloatArray) -> FloatArray:
        array = np.asarray(positions, dtype=np.float64)
        if array.ndim == 0 or array.shape[-1] != len(self._moving):
            count = len(self._moving)
            msg = f"positions have shape {array.shape}; robot {self.name} has {count} movable joints"
            raise KinematicsError(msg)
        if not np.isfinite(array).all():
            bad = sorted({self.joint_names[index] for index in np.argwhere(~np.isfinite(array))[:, -1]})
            raise KinematicsError(f"positions are not finite for {', '.join(bad)}; drop this joint state")
        return array

    def _local(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        batch = positions.shape[:-1]
        translations = np.broadcast_to(self._offsets, (*batch, *self._offsets.shape)).copy()
        quaternions = np.broadcast_to(self._turns, (*batch, *self._turns.shape)).copy()
        angles = np.where(self._slides, 0.0, positions)[..., None] / 2.0
        turn = np.concatenate([np.cos(angles), np.sin(angles) * self._axes], axis=-1)
        quaternions[..., self._moving, :] = quaternion_product(self._turns[self._moving], turn)
        if self._slides.any():
            travel = np.where(self._slides, positions, 0.0)[..., None] * self._axes
            turned = rotation_matrices(self._turns[self._moving]) @ travel[..., None]
            translations[..., self._moving, :] += turned[..., 0]
        return translations, quaternions

    def _transforms(self, which: IndexArray, offsets: FloatArray, turns: FloatArray) -> Transforms:
        chosen = [self._ordered[index] for index in which]
        parents, children = tuple(joint.parent for joint in chosen), tuple(joint.child for joint in chosen)
        return Transforms(parents, children, offsets, turns)


def quaternion_product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the product of quaternions (w, x, y, z), shape (..., 4), broadcast over leading axes."""
    w1, v1 = left[..., :1], left[..., 1:]
    w2, v2 = right[..., :1], right[..., 1:]
    scalar = w1 * w2 - np.sum(v1 * v2, axis=-1, keepdims=True)
    return np.concatenate([scalar, w1 * v2 + w2 * v1 + np.cross(v1, v2)], axis=-1)


def rotation_matrices(quaternions: FloatArray) -> FloatArray:
    """Return rotation matrices, shape (..., 3, 3), of unit quaternions (w, x, y, z), shape (..., 4)."""
    w, x, y, z = np.moveaxis(quaternions, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _single_root(joints: tuple[UrdfJoint, ...]) -> str:
    children = [joint.child for joint in joints]
    twice = sorted({child for child in children if children.count(child) > 1})
    if twice:
        raise KinematicsError(f"links with two parents: {', '.join(twice)}; a robot must be a tree")
    roots = sorted({joint.parent for joint in joints} - set(children))
    if len(roots) != 1:
        raise KinematicsError(
            f"a robot must have one root link; found {', '.join(roots) or 'none (a cycle)'}"
        )
    return roots[0]


def _by_depth(
    root: str, joints: tuple[UrdfJoint, ...]
) -> tuple[tuple[UrdfJoint, ...], list[tuple[IndexArray, IndexArray]]]:
    """Order joints by depth and return (parent, child) link positions of each depth."""
    place, ordered, levels = {root: 0}, [], []
    front = [joint for joint in joints if joint.parent == root]
    while front:
        for joint in front:
            ordered.append(joint)
            place[joint.child] = len(ordered)
        pairs = np.array([(place[joint.parent], place[joint.child]) for joint in front], dtype=np.intp)
        levels.append((pairs[:, 0], pairs[:, 1]))
        reached = {joint.child for joint in front}
        front = [joint for joint in joints if joint.parent in reached]
    if len(ordered) != len(joints):
        lost = sorted({joint.child for joint in joints} - set(place))
        raise KinematicsError(f"links that hang on no root: {', '.join(lost)}; a robot must be one tree")
    return tuple(ordered), levels
