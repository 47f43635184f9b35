"""Publishes the status of one thing to whoever listens now or later."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from .diagnostics import Check
from .managed_node import ManagedNode
from .qos import LATCHED


class StatusPublisher:
    """One latched topic of `diagnostic_msgs/DiagnosticStatus`.

    Args:
        node: The node that publishes.
        topic: Name of the topic.
    """

    def __init__(self, node: ManagedNode[Any], topic: str) -> None:
        self._publisher = node.create_publisher(DiagnosticStatus, topic, LATCHED)

    def publish(self, name: str, check: Check) -> None:
        """Publish a status.

        Args:
            name: What it is about.
            check: Level, message and values.
        """
        values = [KeyValue(key=key, value=value) for key, value in check.values.items()]
        self._publisher.publish(
            DiagnosticStatus(level=check.level, name=name, message=check.message, values=values)
        )
