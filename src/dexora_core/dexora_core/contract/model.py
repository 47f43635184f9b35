"""The robot contract as one frozen value. Pure data: no YAML, no files, no ROS."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dexora_core.contract.names import NameTable
from dexora_core.contract.specs import AgeLimits, CameraSpec, GroupSpec, JointSpec, RateSpec
from dexora_core.errors import ContractError

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]


@dataclass(frozen=True)
class RobotContract:
    """Everything the suite knows about one robot.

    The order of the joints is the policy layout; arrays have shape (J,) in that order.
    """

    name: str
    joints: tuple[JointSpec, ...]
    groups: tuple[GroupSpec, ...]
    cameras: tuple[CameraSpec, ...]
    rates: RateSpec
    ages: AgeLimits

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """Joint names in policy order."""
        return tuple(joint.name for joint in self.joints)

    @cached_property
    def lower_rad(self) -> FloatArray:
        """Lower position limits [rad], shape (J,), read-only."""
        return self._column("lower_rad")

    @cached_property
    def upper_rad(self) -> FloatArray:
        """Upper position limits [rad], shape (J,), read-only."""
        return self._column("upper_rad")

    @cached_property
    def max_velocity_rad_s(self) -> FloatArray:
        """Velocity limits [rad/s], shape (J,), read-only."""
        return self._column("max_velocity_rad_s")

    @cached_property
    def max_acceleration_rad_s2(self) -> FloatArray:
        """Acceleration limits [rad/s2], shape (J,), read-only."""
        return self._column("max_acceleration_rad_s2")

    @cached_property
    def max_jerk_rad_s3(self) -> FloatArray:
        """Jerk limits [rad/s3], shape (J,), read-only."""
        return self._column("max_jerk_rad_s3")

    @cached_property
    def home_rad(self) -> FloatArray:
        """Home pose [rad], shape (J,), read-only."""
        return self._column("home_rad")

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """Names of the groups in file order."""
        return tuple(group.name for group in self.groups)

    @cached_property
    def views(self) -> tuple[str, ...]:
        """Camera view names in file order."""
        return tuple(camera.view for camera in self.cameras)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the whole content; comments, key order and number spelling do not matter."""
        return _digest(asdict(self))

    @cached_property
    def layout_hash(self) -> str:
        """SHA-256 (hex) of what a trained policy depends on.

        That is joint order, position limits, camera views, step and horizon. A topic, an age limit or a home
        pose may change without making a policy unfit, so a model bundle should carry this hash.
        """
        joints = [(joint.name, joint.lower_rad, joint.upper_rad) for joint in self.joints]
        rates = (self.rates.policy_hz, self.rates.horizon_steps)
        return _digest({"name": self.name, "joints": joints, "views": self.views, "rates": rates})

    def joint(self, name: str) -> JointSpec:
        """Return the joint of this name or alias; `ContractError` names what is known."""
        return self.joints[self._names.indices((name,))[0]]

    def group(self, name: str) -> GroupSpec:
        """Return the group of this name; `ContractError` lists the groups."""
        for group in self.groups:
            if group.name == name:
                return group
        msg = f"contract {self.name}: no group '{name}'; groups are {', '.join(self.group_names)}"
        raise ContractError(msg)

    def camera(self, view: str) -> CameraSpec:
        """Return the camera of this view; `ContractError` lists the views."""
        for camera in self.cameras:
            if camera.view == view:
                return camera
        msg = f"contract {self.name}: no camera view '{view}'; views are {', '.join(self.views)}"
        raise ContractError(msg)

    def group_joints(self, group: str) -> tuple[str, ...]:
        """Names of a group's joints in policy order."""
        return tuple(self.joint_names[index] for index in self.group_indices(group))

    def group_indices(self, group: str) -> IndexArray:
        """Positions of a group's joints in the policy order, shape (n,), read-only."""
        return self._group_indices[self.group(group).name]

    def resolve(self, names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
        """Translate joint names or aliases, any subset in any order, to the contract's names.

        Errors:
            ContractError: an unknown name, one joint named twice, or a list that may count from 0 or from 1.
        """
        return tuple(self.joint_names[index] for index in self._names.indices(tuple(names)))

    def permutation(self, names: tuple[str, ...] | list[str], group: str | None = None) -> IndexArray:
        """Return `p` such that `values[p]` is in policy order when `values` is in the order of `names`.

        Args:
            names: names or aliases of all joints (of `group`, if given), in any order.
            group: restrict to one group's joints.

        Returns:
            Index array, shape (J,) or (joints of the group,).

        Errors:
            ContractError: names are missing, unknown, given twice or ambiguous; the message lists them.
        """
        wanted = self.group_indices(group) if group is not None else np.arange(len(self.joints))
        given = self._names.indices(tuple(names))
        where = {index: position for position, index in enumerate(given)}
        missing = [self.joint_names[index] for index in wanted if index not in where]
        extra = [self.joint_names[index] for index in given if index not in set(wanted.tolist())]
        if missing or extra:
            parts = [
                f"{what}: {', '.join(which)}"
                for what, which in (("missing", missing), ("not of it", extra))
                if which
            ]
            whose = f"group {group}" if group is not None else f"robot {self.name}"
            msg = (
                f"{len(names)} joint names do not fit the {len(wanted)} joints of {whose}; {'; '.join(parts)}"
            )
            raise ContractError(msg)
        return np.array([where[index] for index in wanted], dtype=np.intp)

    @cached_property
    def _names(self) -> NameTable:
        zero_based = frozenset(group.name for group in self.groups if group.zero_based_names)
        return NameTable(tuple((joint.name, joint.group, joint.aliases) for joint in self.joints), zero_based)

    @cached_property
    def _group_indices(self) -> dict[str, IndexArray]:
        return {
            group.name: _frozen(np.flatnonzero([joint.group == group.name for joint in self.joints]))
            for group in self.groups
        }

    def _column(self, field: str) -> FloatArray:
        return _frozen(np.array([getattr(joint, field) for joint in self.joints], dtype=np.float64))


def _frozen(array: NDArray) -> NDArray:
    array.setflags(write=False)
    return array


def _digest(content: dict[str, object]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
