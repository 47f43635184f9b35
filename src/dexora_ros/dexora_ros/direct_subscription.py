"""Subscriptions that a loop reads itself, without an executor and without waiting.

An executor costs a wait set per message and decides the order; a loop with a deadline takes what is there at
the moment that suits it. Taking from an empty subscription costs some 2 us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock as ClockMessage

ENDPOINT_ID_BYTES = 16
"""Length of the part of a publisher's id that message and graph agree on."""


class NobodysGroup(CallbackGroup):
    """Callback group whose entities no executor ever runs."""

    def can_execute(self, entity: Any) -> bool:
        """Never."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Never."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Nothing to end."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message and where it came from.

    Attributes:
        message: The message; None when it was not decoded: too large, or not asked for.
        publisher: Id of the publishing endpoint, as `rclpy`'s graph functions give it.
        size: Serialized size [byte]; 0 where it was not measured.
    """

    message: Any
    publisher: bytes
    size: int = 0


class DirectSubscription:
    """One topic, read by hand.

    For nodes that `paced_node` runs: rclpy's EventsExecutor ignores callback groups and takes the messages.

    Args:
        node: The node that subscribes; it owns the subscription.
        message_type: Type of the topic.
        topic: Its name.
        qos_profile: Quality of service; its depth bounds what waits between two reads.
        max_bytes: Messages above this size are not decoded; 0 decodes all without looking at the size [byte].
        decode: False only tells that something arrived, which costs a tenth.
    """

    def __init__(
        self,
        node: Node,
        message_type: Any,
        topic: str,
        qos_profile: QoSProfile,
        *,
        max_bytes: int = 0,
        decode: bool = True,
    ) -> None:
        self.topic = topic
        self._type = message_type
        self._max_bytes, self._decode = max_bytes, decode
        self._is_raw = bool(max_bytes) or not decode
        self._subscription = node.create_subscription(
            message_type, topic, _never, qos_profile, callback_group=NobodysGroup()
        )

    @property
    def resolved_topic(self) -> str:
        """Full name of the topic after remapping."""
        return str(self._subscription.topic_name)

    def take(self, is_wanted: Callable[[bytes, int], bool] | None = None) -> Taken | None:
        """Return the oldest message that waits; None when there is none. Never blocks.

        Args:
            is_wanted: Tells from the id of the publisher and the size [byte] whether a message is to be
                decoded, where sizes are measured at all.
        """
        found = self._take()
        return None if found is None else self._decoded(found, is_wanted)

    def newest(self) -> Taken | None:
        """Return the newest message that waits and drop the older ones."""
        newest = None
        for _ in range(64):  # a flood must not hold the reader
            found = self._take()
            if found is None:
                break
            newest = found
        return None if newest is None else self._decoded(newest)

    def _take(self) -> Any:
        with self._subscription.handle:
            return self._subscription.handle.take_message(self._type, self._is_raw)

    def _decoded(self, found: Any, is_wanted: Callable[[bytes, int], bool] | None = None) -> Taken:
        content, info = found
        publisher = bytes(info["publisher_gid"]["data"])[:ENDPOINT_ID_BYTES]
        if not self._is_raw:
            return Taken(content, publisher)
        size = len(content)
        is_refused = is_wanted is not None and not is_wanted(publisher, size)
        if is_refused or not self._decode or (self._max_bytes and size > self._max_bytes):
            return Taken(None, publisher, size)
        return Taken(deserialize_message(content, self._type), publisher, size)


def detach_clock(node: Node) -> Any | None:
    """Take the node's subscription to /clock, remapped or not, away from the executor, to be read by hand.

    Returns:
        A function that reads the clock: it updates the node's clock and returns the newest time [ns], or None
        when nothing arrived. None when the node does not follow simulated time.
    """
    for subscription in node.subscriptions:
        if subscription.msg_type is ClockMessage:
            subscription.callback_group = NobodysGroup()
            return _clock_reader(subscription)
    return None


def _clock_reader(subscription: Any) -> Any:
    def read() -> int | None:
        with subscription.handle:
            found = subscription.handle.take_message(subscription.msg_type, False)
        if found is None:
            return None
        message = found[0]
        subscription.callback(message)
        return int(message.clock.sec) * 1_000_000_000 + int(message.clock.nanosec)

    return read


def _never(_message: Any) -> None:
    """Satisfy rclpy, which wants a callback."""
