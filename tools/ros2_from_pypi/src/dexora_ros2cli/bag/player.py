"""From a bag into the ROS graph, at the pace at which it was recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from dexora_ros2cli.bag.model import BagError
from dexora_ros2cli.bag.reader import Bag
from dexora_ros2cli.bag.ros_qos import for_playing
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.types import load_type

ACK_TIMEOUT_S = 1.0
SLEEP_SLICE_S = 0.05


@dataclass(frozen=True)
class PlayerOptions:
    """How a bag is played.

    Attributes:
        rate: speed, 1 is that of the recording.
        topics: play only these; empty for all.
        exclude_topics: leave these out.
        remap: other names for topics.
        start_offset_s: skip the beginning [s of the recording].
        duration_s: stop after this much [s of the recording]; None plays to the end.
        delay_s: wait before each round [s].
        clock_hz: publish /clock at this rate; 0 does not.
    """

    rate: float = 1.0
    topics: tuple[str, ...] = ()
    exclude_topics: tuple[str, ...] = ()
    remap: dict[str, str] = field(default_factory=dict)
    start_offset_s: float = 0.0
    duration_s: float | None = None
    delay_s: float = 0.0
    clock_hz: float = 0.0


class Player:
    """Publishes the messages of a bag.

    Args:
        node: owner of the publishers.
        bag: what is played.
        options: how.
        is_stopped: asked often; ends the playing.
    """

    def __init__(self, node: Node, bag: Bag, options: PlayerOptions, is_stopped: Callable[[], bool]) -> None:
        self._node = node
        self._bag = bag
        self._options = options
        self._is_stopped = is_stopped
        self._publishers = self._create_publishers()
        self._clock = node.create_publisher(Clock, "/clock", 10) if options.clock_hz else None
        self._next_clock_ns = 0

    @property
    def topics(self) -> list[str]:
        """Recorded names of the topics that are played."""
        return sorted(self._publishers)

    def play_once(self) -> int:
        """Play the bag from beginning to end and return the number of messages."""
        options = self._options
        self._sleep_until(time.monotonic() + options.delay_s)
        start_ns = self._bag.summary.start_ns + int(options.start_offset_s * 1e9)
        end_ns = None if options.duration_s is None else start_ns + int(options.duration_s * 1e9)
        self._next_clock_ns = start_ns
        began_s = time.monotonic()
        count = 0
        for message in self._bag.messages(frozenset(self._publishers)):
            if message.log_ns < start_ns:
                continue
            if self._is_stopped() or (end_ns is not None and message.log_ns > end_ns):
                break
            self._advance(message.log_ns, start_ns, began_s)
            if self._is_stopped():
                break
            self._publishers[message.topic].publish(message.data)
            count += 1
        self._wait_until_heard()
        return count

    def _create_publishers(self) -> dict[str, Any]:
        publishers: dict[str, Any] = {}
        chosen = self._options.topics
        for topic in self._bag.summary.topics:
            if (chosen and topic.name not in chosen) or topic.name in self._options.exclude_topics:
                continue
            try:
                message_class = load_type(topic.type_name, "msg")
            except CliError as error:
                self._node.get_logger().warning(f"Ignoring a topic '{topic.name}', reason: {error}")
                continue
            name = self._options.remap.get(topic.name, topic.name)
            publishers[topic.name] = self._node.create_publisher(
                message_class, name, for_playing(topic.offered_qos)
            )
        if not publishers:
            known = ", ".join(topic.name for topic in self._bag.summary.topics) or "none"
            raise BagError(
                f"Nothing to play: none of the bag's topics is chosen and known here; it has: {known}"
            )
        return publishers

    def _advance(self, log_ns: int, start_ns: int, began_s: float) -> None:
        """Wait until the message of time `log_ns` is due, and let /clock run along."""

        def due_s(recorded_ns: int) -> float:
            return began_s + (recorded_ns - start_ns) * 1e-9 / self._options.rate

        while self._clock is not None and self._next_clock_ns <= log_ns and not self._is_stopped():
            self._sleep_until(due_s(self._next_clock_ns))
            message = Clock()
            message.clock.sec, message.clock.nanosec = divmod(self._next_clock_ns, 1_000_000_000)
            self._clock.publish(message)
            self._next_clock_ns += int(1e9 * self._options.rate / self._options.clock_hz)
        self._sleep_until(due_s(log_ns))

    def _sleep_until(self, due_s: float) -> None:
        while not self._is_stopped() and (left_s := due_s - time.monotonic()) > 0.0:
            time.sleep(min(left_s, SLEEP_SLICE_S))

    def _wait_until_heard(self) -> None:
        """Give reliable listeners the time to take the last messages before the publishers go."""
        end_s = time.monotonic() + ACK_TIMEOUT_S
        for publisher in self._publishers.values():
            left_s = end_s - time.monotonic()
            if left_s <= 0.0 or self._is_stopped():
                return
            publisher.wait_for_all_acked(Duration(seconds=left_s))
