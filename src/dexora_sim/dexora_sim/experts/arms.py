"""Inverse kinematics of both arms: palm poses in the world frame become arm joint positions.

Differential inverse kinematics by mink (a quadratic programme per iteration) on the robot's own model. What
it integrates is the commanded configuration, so that noise of the measured one never comes back as motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import mink
import mujoco
import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_description import mjcf_path

FloatArray = NDArray[np.float64]
HANDS = ("left", "right")
_ITERATIONS = 6
_STEP_S = 0.05
_SOLVER = "daqp"
_ARM_POSTURE_COST = 2e-3
_FINGER_POSTURE_COST = 10.0
"""Fingers are placed by postures; inverse kinematics leaves them alone."""
_WRIST_TO_SHOULDER_M = 0.008
_WRIST_IN_SIGHT_M = 0.03


@dataclass(frozen=True)
class Pose:
    """A palm or a fingertip in the world frame: x out of the palm, z along the straight fingers.

    Attributes:
        position: Origin of the site [m], shape (3,).
        rotation: T_world_site, shape (3, 3).
    """

    position: FloatArray
    rotation: FloatArray

    def blend(self, other: Pose, share: float) -> Pose:
        """Return the pose a share (0 to 1) of the way to another: straight line and shortest turn."""
        turn = mink.SO3.from_matrix(self.rotation.T @ other.rotation).log()
        rotation = self.rotation @ mink.SO3.exp(turn * share).as_matrix()
        return Pose(self.position + share * (other.position - self.position), rotation)

    def shifted(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """Return the pose moved in the world frame [m]."""
        return self.moved(np.array([x, y, z]))

    def moved(self, offset: FloatArray) -> Pose:
        """Return the pose moved by an offset in the world frame [m], shape (3,)."""
        return Pose(self.position + offset, self.rotation)

    def backed_off(self, distance_m: float, z: float = 0.0) -> Pose:
        """Return the pose a distance back, away from where the palm faces, and `z` higher [m]."""
        return self.moved(np.array([0.0, 0.0, z]) - distance_m * self.rotation[:, 0])


def facing(out: tuple[float, float, float], fingers: tuple[float, float, float]) -> FloatArray:
    """Return T_world_palm, shape (3, 3).

    Args:
        out: Where the palm faces, world frame.
        fingers: Where the straight fingers point, as far as `out` allows, world frame.
    """
    x_axis = np.array(out) / np.linalg.norm(out)
    z_axis = np.array(fingers) - x_axis * (x_axis @ np.array(fingers))
    z_axis = z_axis / np.linalg.norm(z_axis)
    return np.column_stack([x_axis, np.cross(z_axis, x_axis), z_axis])


class BimanualKinematics:
    """The commanded configuration of both arms, moved by palm poses.

    Args:
        contract: The robot.
        frame: Site of each hand that the poses are about, such as "palm".
        orientation_cost: How much a turn of 1 rad weighs against 1 m.
    """

    def __init__(self, contract: RobotContract, frame: str, orientation_cost: float) -> None:
        model = mujoco.MjModel.from_xml_path(str(mjcf_path(contract.name)))
        self._configuration = mink.Configuration(model)
        self._qpos = np.array([model.joint(name).qposadr[0] for name in contract.joint_names])
        self._tasks = {
            hand: mink.FrameTask(f"{hand}_{frame}", "site", 1.0, orientation_cost, lm_damping=1e-4)
            for hand in HANDS
        }
        cost = np.full(model.nv, _ARM_POSTURE_COST)
        for group in (f"{hand}_hand" for hand in HANDS):
            cost[[model.joint(name).dofadr[0] for name in contract.group_joints(group)]] = (
                _FINGER_POSTURE_COST
            )
        self._posture = mink.PostureTask(model, cost=cost)
        self._finger_qpos = self._qpos[np.concatenate([contract.group_indices(f"{h}_hand") for h in HANDS])]
        self._limits = [mink.ConfigurationLimit(model), _fold_limit(model)]

    def reset(self, q_rad: FloatArray) -> None:
        """Start from joint positions [rad], shape (J,), contract order; the arms prefer that posture."""
        self._preferred = self._configuration.q.copy()
        self._preferred[self._qpos] = q_rad
        self.adopt(q_rad)

    def adopt(self, q_rad: FloatArray) -> None:
        """Go on from joint positions [rad], shape (J,), that differ from those returned last."""
        full = self._configuration.q.copy()
        full[self._qpos] = q_rad
        self._configuration.update(full)
        self._preferred[self._finger_qpos] = full[self._finger_qpos]
        self._posture.set_target(self._preferred)

    def palm(self, hand: str) -> Pose:
        """Return the palm's pose in the commanded configuration."""
        site = self._configuration.get_transform_frame_to_world(self._tasks[hand].frame_name, "site")
        return Pose(site.translation(), site.rotation().as_matrix())

    def follow(self, palms: dict[str, Pose]) -> FloatArray:
        """Move the arms towards palm poses; return joint positions [rad], shape (J,), contract order."""
        for hand, pose in palms.items():
            rotation = mink.SO3.from_matrix(pose.rotation)
            self._tasks[hand].set_target(mink.SE3.from_rotation_and_translation(rotation, pose.position))
        tasks = [*(self._tasks[hand] for hand in palms), self._posture]
        for _ in range(_ITERATIONS):
            velocity = mink.solve_ik(
                self._configuration, tasks, _STEP_S, _SOLVER, damping=1e-5, limits=self._limits
            )
            self._configuration.integrate_inplace(velocity, _STEP_S)
        return np.array(self._configuration.q[self._qpos])


def _fold_limit(model: mujoco.MjModel) -> mink.CollisionAvoidanceLimit:
    """Keep each wrist off its own shoulder: the only parts of one arm that these motions bring together."""

    def geoms(body: str) -> list[str]:
        first, count = model.body(body).geomadr[0], model.body(body).geomnum[0]
        return [model.geom(index).name for index in range(first, first + count)]

    pairs = [(geoms(f"{hand}_arm_link_1"), geoms(f"{hand}_arm_link_5")) for hand in HANDS]
    return mink.CollisionAvoidanceLimit(
        model,
        pairs,
        minimum_distance_from_collisions=_WRIST_TO_SHOULDER_M,
        collision_detection_distance=_WRIST_IN_SIGHT_M,
    )
