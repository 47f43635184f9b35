"""Draws where the commanded motion leads, as lines for RViz, away from the protected loop.

| topic | type | direction |
|---|---|---|
| `dexora/command/preview` | trajectory_msgs/JointTrajectory | in: all joints, some ten times per second |
| `dexora/command/predicted_path` | visualization_msgs/MarkerArray | out: a line strip per link |
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from dexora_core.kinematics_urdf import load_urdf
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import STATUS
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import Marker, MarkerArray

from dexora_description import urdf_path

_COLOURS = {"left": ColorRGBA(r=0.1, g=0.6, b=1.0, a=0.9), "right": ColorRGBA(r=1.0, g=0.55, b=0.1, a=0.9)}


@dataclass(frozen=True)
class PreviewParameters:
    """Parameters of `preview_node`."""

    robot: str = param("dexora36", description="Robot to draw: a name in dexora_description/robots.")
    links: tuple[str, ...] = param(
        ("left_palm", "right_palm", "left_index_tip", "right_index_tip"),
        description="Links whose way is drawn.",
    )
    line_width: float = param(0.006, description="Width of the lines.", unit="m", lower=0.0005, upper=0.1)
    frame_prefix: str = param("", description="Put before the frame name, as robot_state_node does.")


class PreviewNode(ManagedNode[PreviewParameters]):
    """Turns planned joint positions into lines in space."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("preview_node", PreviewParameters, **node_options)

    def on_setup(self, parameters: PreviewParameters) -> None:
        """Load the model and make the topics."""
        self._tree = load_urdf(urdf_path(parameters.robot))
        self._links = [self._tree.link_names.index(link) for link in parameters.links]
        self._drawn = 0
        self._message = MarkerArray(
            markers=[self._marker(k, link) for k, link in enumerate(parameters.links)]
        )
        self._publisher = self.create_publisher(MarkerArray, "dexora/command/predicted_path", STATUS)
        self.diagnostics.add("preview", lambda: Check.ok(f"{self._drawn} previews drawn"))

    def on_start(self) -> None:
        """Listen."""
        self.create_subscription(JointTrajectory, "dexora/command/preview", self._on_preview, STATUS)

    def _marker(self, number: int, link: str) -> Marker:
        marker = Marker(ns="predicted_path", id=number, type=Marker.LINE_STRIP, action=Marker.ADD)
        marker.header.frame_id = self.parameters.frame_prefix + self._tree.root
        marker.scale.x = self.parameters.line_width
        marker.pose.orientation.w = 1.0
        marker.color = _COLOURS.get(link.partition("_")[0], ColorRGBA(r=0.8, g=0.8, b=0.8, a=0.9))
        marker.lifetime.nanosec = 500_000_000
        return marker

    def _on_preview(self, message: JointTrajectory) -> None:
        known = {name: index for index, name in enumerate(message.joint_names)}
        columns = [known.get(name, -1) for name in self._tree.joint_names]
        if not message.points or -1 in columns:
            return
        steps = np.array([point.positions for point in message.points])[:, columns]
        poses = self._tree.link_poses(steps)
        for marker, link in zip(self._message.markers, self._links, strict=True):
            places = poses[:, link, :3, 3]
            if len(places) == 1:
                places = np.repeat(places, 2, axis=0)
            marker.points = [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in places]
            marker.header.stamp = message.header.stamp
        self._publisher.publish(self._message)
        self._drawn += 1


def main() -> int:
    """Run the node as a process."""
    return run_node(PreviewNode)


if __name__ == "__main__":
    sys.exit(main())
