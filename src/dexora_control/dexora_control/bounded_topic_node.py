"""A topic of which only the newest message counts, and which nobody can use to hold up its reader.

What is too large is never decoded: it is dropped and told. What comes too fast pushes itself out: the queue
holds one message, and one is looked at per read.
"""

from __future__ import annotations

from typing import Any

from dexora_core.faults import Fault, make_fault
from dexora_ros.direct_subscription import DirectSubscription, Taken
from rclpy.node import Node
from rclpy.qos import QoSProfile

SMALL_BYTES = 4096
"""More than any heartbeat or switch needs."""


class BoundedTopic:
    """A subscription that is read by hand.

    Args:
        node: The node that subscribes.
        message_type: Type of the topic.
        topic: Its name.
        qos_profile: Quality of service; its depth should be one.
        max_bytes: Largest message that is looked at [byte].
    """

    def __init__(
        self,
        node: Node,
        message_type: Any,
        topic: str,
        qos_profile: QoSProfile,
        max_bytes: int = SMALL_BYTES,
    ) -> None:
        self._subscription = DirectSubscription(node, message_type, topic, qos_profile, max_bytes=max_bytes)
        self._topic, self._max_bytes = topic, max_bytes
        self._too_large = 0

    def newest(self) -> Taken | None:
        """Return the newest message that waits, if there is one and it is not too large."""
        taken = self._subscription.newest()
        if taken is not None and taken.size > self._max_bytes:
            self._too_large = taken.size
            return None
        return taken

    def fault(self, now_ns: int) -> Fault | None:
        """Return the fault when a message that arrived since the last call was too large."""
        size, self._too_large = self._too_large, 0
        if not size:
            return None
        return make_fault("DX-CMD-009", now_ns, self._topic, size=size, bound=self._max_bytes)
