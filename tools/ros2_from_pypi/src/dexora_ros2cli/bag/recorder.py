"""From the ROS graph into a bag: finds topics, subscribes to their serialized messages, and counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSReliabilityPolicy
from rclpy.subscription import Subscription

from dexora_ros2cli.bag.definitions import full_definition, type_hash
from dexora_ros2cli.bag.model import BagTopic
from dexora_ros2cli.bag.pipeline import WriterThread
from dexora_ros2cli.bag.ros_qos import for_recording, to_dictionary
from dexora_ros2cli.bag.selection import Selection
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.types import load_type


@dataclass(frozen=True)
class RecorderOptions:
    """How a recording behaves.

    Attributes:
        selection: the topics.
        include_unpublished: subscribe also to topics that have no publisher yet.
        ignore_leaf_topics: leave out topics that nobody listens to.
        use_ros_time: stamp messages with the node's clock instead of the time of arrival.
    """

    selection: Selection
    include_unpublished: bool = False
    ignore_leaf_topics: bool = False
    use_ros_time: bool = False


class Recorder:
    """Feeds a `WriterThread` from subscriptions of `node`.

    Attributes:
        lost: messages that the middleware dropped before they reached us.
    """

    def __init__(self, node: Node, sink: WriterThread, options: RecorderOptions) -> None:
        self.lost = 0
        self._node = node
        self._sink = sink
        self._options = options
        self._subscriptions: dict[str, Subscription[Any]] = {}
        self._refused: set[str] = set()

    @property
    def topics(self) -> list[str]:
        """Names of the topics that are recorded."""
        return sorted(self._subscriptions)

    def discover(self) -> None:
        """Subscribe to what the selection takes and is not yet recorded."""
        for name, types in self._node.get_topic_names_and_types():
            if name in self._subscriptions:
                self._check_reliability(name)
            elif name not in self._refused and self._is_wanted(name, types):
                self._subscribe(name, types)

    def _is_wanted(self, name: str, types: list[str]) -> bool:
        options = self._options
        if not any(options.selection.accepts(name, type_name) for type_name in types):
            return False
        if not options.include_unpublished and not self._node.count_publishers(name):
            return False
        return not options.ignore_leaf_topics or self._node.count_subscribers(name) > 0

    def _subscribe(self, name: str, types: list[str]) -> None:
        if len(types) > 1:
            self._refuse(name, f"Topic '{name}' has more than one type associated: {', '.join(types)}")
            return
        try:
            message_class = load_type(types[0], "msg")
        except CliError as error:
            self._refuse(name, f"Topic '{name}' is not recorded: {error}")
            return
        offers = [info.qos_profile for info in self._node.get_publishers_info_by_topic(name)]
        definition, encoding = full_definition(types[0])
        self._sink.add_topic(
            BagTopic(
                name,
                types[0],
                type_hash(types[0]),
                definition,
                encoding,
                tuple(to_dictionary(offer) for offer in offers),
            )
        )
        self._subscriptions[name] = self._node.create_subscription(
            message_class,
            name,
            self._callback(name),
            for_recording(offers),
            raw=True,
            event_callbacks=SubscriptionEventCallbacks(message_lost=self._count_lost),
        )
        self._node.get_logger().info(f"Subscribed to topic '{name}'")

    def _callback(self, name: str) -> Callable[[Any, Any], None]:
        """Return the function that takes the messages of one topic."""
        put = self._sink.put
        clock = self._node.get_clock()
        use_ros_time = self._options.use_ros_time

        def take(data: Any, info: Any) -> None:
            sent_ns: int = info["source_timestamp"]
            log_ns = clock.now().nanoseconds if use_ros_time else info["received_timestamp"] or time.time_ns()
            if log_ns:  # simulated time has not begun yet
                put(name, data, log_ns, sent_ns or log_ns, info["publication_sequence_number"] or 0)

        return take

    def _count_lost(self, event: Any) -> None:
        self.lost += event.total_count_change

    def _refuse(self, name: str, reason: str) -> None:
        self._refused.add(name)
        self._node.get_logger().warning(reason)

    def _check_reliability(self, name: str) -> None:
        """Say once that a later publisher offers less than was asked for, and is therefore not heard."""
        if name in self._refused:
            return
        asked = self._subscriptions[name].qos_profile.reliability
        if asked != QoSReliabilityPolicy.RELIABLE:
            return
        for info in self._node.get_publishers_info_by_topic(name):
            if info.qos_profile.reliability == QoSReliabilityPolicy.BEST_EFFORT:
                self._refuse(
                    name,
                    f"A new publisher of '{name}' ({info.node_name}) offers BEST_EFFORT, but the recording "
                    "already asks for RELIABLE. Messages of this publisher will not be recorded",
                )
                return
