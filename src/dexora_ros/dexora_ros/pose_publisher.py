"""Publishes the poses of named bodies as transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dexora_core.trajectory_execution import FloatArray
from geometry_msgs.msg import TransformStamped
from tf2_msgs.msg import TFMessage

from .managed_node import ManagedNode
from .qos import STATE
from .stamps import set_stamp


class PosePublisher:
    """One topic of `tf2_msgs/TFMessage`, with one message that is filled again and again.

    Args:
        node: The node that publishes.
        topic: Name of the topic.
        frame_id: Frame that the poses are given in.
        names: Bodies; each becomes a `child_frame_id`.
    """

    def __init__(self, node: ManagedNode[Any], topic: str, frame_id: str, names: Sequence[str]) -> None:
        self._publisher = node.create_publisher(TFMessage, topic, STATE)
        self._message = TFMessage(transforms=[TransformStamped(child_frame_id=name) for name in names])
        for transform in self._message.transforms:
            transform.header.frame_id = frame_id

    def publish(self, poses: Mapping[str, tuple[FloatArray, FloatArray]], stamp_ns: int) -> None:
        """Publish all poses.

        Args:
            poses: By body: position [m], shape (3,), and quaternion (w, x, y, z), shape (4,).
            stamp_ns: When they were true [ns].
        """
        for transform in self._message.transforms:
            position, quaternion = poses[transform.child_frame_id]
            set_stamp(transform.header.stamp, stamp_ns)
            place, turn = transform.transform.translation, transform.transform.rotation
            place.x, place.y, place.z = position.tolist()
            turn.w, turn.x, turn.y, turn.z = quaternion.tolist()
        self._publisher.publish(self._message)
