"""What only a simulation knows, as topics below the twin's node: for experts, tests and dashboards.

| topic | type | content |
|---|---|---|
| `~/touch` | sensor_msgs/JointState | normal force on each fingertip, in `effort` [N], by sensor name |
| `~/object_poses` | tf2_msgs/TFMessage | pose of each object of the scene in `world`, by body name |
| `~/object_joints` | sensor_msgs/JointState | the scene's own joints, such as a bottle cap |
| `~/task_status` | diagnostic_msgs/DiagnosticStatus | instruction, stages and outcome of the episode |
| `~/true_joint_states` | sensor_msgs/JointState | joint states before faults; only while somebody listens |
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from dexora_core.clock import NS_PER_S
from dexora_core.trajectory_execution import FloatArray
from dexora_ros.diagnostics import Check
from dexora_ros.joint_state_publisher import JointStatePublisher
from dexora_ros.managed_node import ManagedNode
from dexora_ros.pose_publisher import PosePublisher
from dexora_ros.status_publisher import StatusPublisher

from dexora_sim.rig import TwinRig
from dexora_sim.task_watch import FAILED, SUCCESS, TaskStatus, TaskWatch
from dexora_sim.world import BodyState

WORLD_FRAME = "world"
STATUS_PERIOD_NS = NS_PER_S // 2
_NOTHING = np.zeros(0)
_LEVELS = {SUCCESS: Check.ok, FAILED: Check.error}


class TruthPublishers:
    """Publishes ground truth beside the interfaces of a real robot.

    Args:
        node: The twin's node.
        rig: The simulated robot.
        watch: The judge of its episode.
        rate_hz: Rate of touch, poses and judgement [Hz].
    """

    def __init__(self, node: ManagedNode[Any], rig: TwinRig, watch: TaskWatch, rate_hz: float) -> None:
        self._rig, self._watch = rig, watch
        self._period_ns = round(NS_PER_S / rate_hz)
        self._next_ns = self._next_status_ns = 0
        self._published: tuple[str, int] = ("", -1)
        self._touch = JointStatePublisher(node, "~/touch")
        self._object_joints = JointStatePublisher(node, "~/object_joints")
        self._joints = JointStatePublisher(node, "~/true_joint_states")
        self._poses = PosePublisher(node, "~/object_poses", WORLD_FRAME, tuple(watch.world.objects))
        self._status = StatusPublisher(node, "~/task_status")
        self._touch_names = tuple(rig.twin.touch())
        self._object_joint_names = tuple(watch.world.joints)

    def publish(self) -> None:
        """Publish what is due; call it after every tick."""
        now_ns = self._rig.now_ns
        if self._joints.has_subscribers:
            report = self._rig.report()
            self._joints.publish(report.names, report.position, report.velocity, report.effort, now_ns)
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + self._period_ns
        status = self._watch.update()
        self._publish_world(now_ns)
        if _gist(status) != self._published or now_ns >= self._next_status_ns:
            self.publish_status()

    def publish_status(self) -> None:
        """Publish how the episode stands."""
        status = self._watch.status
        self._published = _gist(status)
        self._next_status_ns = self._rig.now_ns + STATUS_PERIOD_NS
        values = {
            "instruction": status.instruction,
            "seed": str(status.seed),
            "episode": str(status.number),
            "time [s]": f"{status.time_s:.3f}",
            "score": f"{status.progress.score:.3f}",
            "stages reached": ", ".join(status.progress.stages),
            "stages": ", ".join(status.stage_names),
            "reason": status.reason,
        }
        level = _LEVELS.get(status.state, Check.warn)
        self._status.publish(status.task, level(status.state, values))

    def _publish_world(self, now_ns: int) -> None:
        world, touch = self._watch.world, self._rig.twin.touch()
        forces = np.array([touch[name] for name in self._touch_names])
        self._touch.publish(self._touch_names, _NOTHING, _NOTHING, forces, now_ns)
        if self._object_joint_names:
            positions = np.array([world.joints[name] for name in self._object_joint_names])
            self._object_joints.publish(self._object_joint_names, positions, _NOTHING, _NOTHING, now_ns)
        self._poses.publish({name: _pose(body) for name, body in world.objects.items()}, now_ns)


def _pose(body: BodyState) -> tuple[FloatArray, FloatArray]:
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, body.rotation.ravel())
    return body.position, quaternion


def _gist(status: TaskStatus) -> tuple[str, int]:
    return status.state, len(status.progress.stages)
