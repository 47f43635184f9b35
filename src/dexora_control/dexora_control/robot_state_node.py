"""Publishes the robot's frames: what robot_state_publisher does, where that package is not installed.

| topic | type | content |
|---|---|---|
| `joint_states` (in) | sensor_msgs/JointState | some or all joints, any order |
| `/tf` | tf2_msgs/TFMessage | links on moving joints, at most `rate_hz` times a second |
| `/tf_static` (latched) | tf2_msgs/TFMessage | fixed links, among them the cameras' optical frames |
| `robot_description` (latched) | std_msgs/String | the URDF |
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from dexora_core.clock import NS_PER_S
from dexora_core.contract import load_contract
from dexora_core.contract_check import check_urdf
from dexora_core.kinematics import Transforms
from dexora_core.kinematics_urdf import parse_urdf
from dexora_core.robot_state import RobotState
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import LATCHED, SENSOR, STATE
from dexora_ros.stamps import to_ns
from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from dexora_description import contract_path, urdf_path


@dataclass(frozen=True)
class RobotStateParameters:
    """Parameters of robot_state_node."""

    robot: str = param("dexora36", description="Robot to describe: a name in dexora_description/robots.")
    rate_hz: float = param(
        50.0, description="Most transforms per second on /tf.", unit="Hz", lower=1.0, upper=1000.0
    )
    frame_prefix: str = param("", description="Put before every frame name, for a second robot in one tree.")


class RobotStateNode(ManagedNode[RobotStateParameters]):
    """Turns joint states into transforms."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("robot_state_node", RobotStateParameters, **node_options)

    def on_setup(self, parameters: RobotStateParameters) -> None:
        """Load the model, refuse one that disagrees with its contract, create the topics."""
        path = urdf_path(parameters.robot)
        check_urdf(load_contract(contract_path(parameters.robot)), path)
        self._description = String(data=path.read_text(encoding="utf-8"))
        self._tree = parse_urdf(self._description.data)
        self._state = RobotState(self._tree, round(NS_PER_S / parameters.rate_hz))
        self._moving = [TransformStamped() for _ in self._tree.joint_names]
        self._message = TFMessage()
        self._tf = self.create_publisher(TFMessage, "/tf", STATE)
        self._tf_static = self.create_publisher(TFMessage, "/tf_static", LATCHED)
        self._described = self.create_publisher(String, "robot_description", LATCHED)
        self.diagnostics.add("transforms", self._check)

    def on_start(self) -> None:
        """Publish what never changes and listen to joint states."""
        static = self._tree.static_transforms()
        fixed = [TransformStamped() for _ in static.children]
        self._fill(fixed, static)
        now = self.get_clock().now().to_msg()
        for transform in fixed:
            transform.header.stamp = now
        self._tf_static.publish(TFMessage(transforms=fixed))
        self._described.publish(self._description)
        self.create_subscription(JointState, "joint_states", self._on_joint_states, SENSOR)

    def _on_joint_states(self, message: JointState) -> None:
        placed = self._state.update(message.name, message.position, to_ns(message.header.stamp))
        if placed is None:
            return
        transforms = [self._moving[index] for index in placed.indices]
        self._fill(transforms, placed.transforms)
        for transform in transforms:
            transform.header.stamp = message.header.stamp
        self._message.transforms = transforms
        self._tf.publish(self._message)

    def _fill(self, messages: list[TransformStamped], transforms: Transforms) -> None:
        prefix = self.parameters.frame_prefix
        rows = zip(
            messages,
            transforms.parents,
            transforms.children,
            transforms.translations.tolist(),
            transforms.quaternions.tolist(),
            strict=True,
        )
        for message, parent, child, (x, y, z), (qw, qx, qy, qz) in rows:
            message.header.frame_id = prefix + parent
            message.child_frame_id = prefix + child
            offset, turn = message.transform.translation, message.transform.rotation
            offset.x, offset.y, offset.z = x, y, z
            turn.w, turn.x, turn.y, turn.z = qw, qx, qy, qz

    def _check(self) -> Check:
        refused = {f"refused: {reason}": str(count) for reason, count in self._state.refused.items()}
        unplaced = self._state.unplaced
        if unplaced:
            return Check.warn(f"no joint state yet for {', '.join(unplaced)}", refused)
        return Check.ok("every link is placed", refused)


def main() -> int:
    """Run the node as a process."""
    return run_node(RobotStateNode)


if __name__ == "__main__":
    sys.exit(main())
