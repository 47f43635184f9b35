"""Publishes joint states from arrays."""

from __future__ import annotations

from array import array
from typing import Any

from dexora_core.trajectory_execution import FloatArray
from sensor_msgs.msg import JointState

from .managed_node import ManagedNode
from .qos import STATE
from .stamps import set_stamp


class JointStatePublisher:
    """One topic of `sensor_msgs/JointState`, with one message that is filled again and again.

    Args:
        node: The node that publishes.
        topic: Name of the topic.
    """

    def __init__(self, node: ManagedNode[Any], topic: str) -> None:
        self._publisher = node.create_publisher(JointState, topic, STATE)
        self._message = JointState()
        self._names: tuple[str, ...] = ()

    @property
    def has_subscribers(self) -> bool:
        """Whether anybody listens."""
        return bool(self._publisher.get_subscription_count())

    def publish(
        self,
        names: tuple[str, ...],
        position: FloatArray,
        velocity: FloatArray,
        effort: FloatArray,
        stamp_ns: int,
    ) -> None:
        """Publish one state.

        Args:
            names: Joint names, J of them.
            position: Shape (J,), rad; may be empty.
            velocity: Shape (J,), rad/s; may be empty.
            effort: Shape (J,), N m; may be empty.
            stamp_ns: When the state was true [ns].
        """
        message = self._message
        if names is not self._names:
            self._names, message.name = names, list(names)
        set_stamp(message.header.stamp, stamp_ns)
        message.position = array("d", position)
        message.velocity = array("d", velocity)
        message.effort = array("d", effort)
        self._publisher.publish(message)
