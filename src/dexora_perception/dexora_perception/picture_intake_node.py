"""The cameras' topics, read raw: only the newest picture of a view is ever looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from dexora_core.contract import CameraSpec
from dexora_core.faults import make_fault
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import SENSOR
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import Image

from dexora_perception.serialized_image import read_image
from dexora_perception.view_checks import Picture
from dexora_perception.view_set import ViewSet

# Pictures that one call takes from a topic; its queue holds one, so that only a flood reaches this.
_MOST_PER_TOPIC = 8


class ReceiverClock:
    """The clock of ages: monotonic on a robot, simulated where the node follows /clock.

    Simulated time that has arrived is taken before every reading: after an encoding the executor may hand
    over pictures first, and they would seem to come from the future.

    Args:
        node: The node; its clock is the one of stamps.
    """

    def __init__(self, node: ManagedNode[Any]) -> None:
        self._clock = node.get_clock()
        self._is_simulated = bool(node.get_parameter("use_sim_time").value)
        self._sources: list[Any] = [found for found in node.subscriptions if found.msg_type is ClockMessage]

    def stamp_ns(self) -> int:
        """Return the present as a stamp [ns]."""
        for source in self._sources:
            for message in _waiting(source, is_raw=False):
                source.callback(message)
        return int(self._clock.now().nanoseconds)

    def now_ns(self) -> int:
        """Return the present on the clock of ages [ns]."""
        return self.stamp_ns() if self._is_simulated else time.monotonic_ns()


class PictureIntake:
    """Subscribes to cameras and hands their pictures to a `ViewSet`.

    Args:
        node: The node that subscribes.
        cameras: The cameras; their topics are taken below the node's namespace.
        views: Where the pictures go.
        clock: Clock of arrivals.
        on_picture: Called after a picture came in through the executor.
    """

    def __init__(
        self,
        node: ManagedNode[Any],
        cameras: list[CameraSpec],
        views: ViewSet,
        clock: ReceiverClock,
        on_picture: Callable[[], None],
    ) -> None:
        self._views, self._clock, self._on_picture = views, clock, on_picture
        self._subscriptions = {
            camera.view: node.create_subscription(
                Image, camera.topic.lstrip("/"), partial(self._receive, camera.view), SENSOR, raw=True
            )
            for camera in cameras
        }

    def drain(self) -> None:
        """Take what has arrived and has not been handed over yet, so that nothing older is encoded."""
        for view, subscription in self._subscriptions.items():
            for content in _waiting(subscription, is_raw=True):
                self._offer(view, bytes(content))

    def _receive(self, view: str, content: bytes) -> None:
        self._offer(view, content)
        self._on_picture()

    def _offer(self, view: str, content: bytes) -> None:
        now_ns = self._clock.now_ns()
        try:
            message = read_image(content)
            pixels = message.pixels()
        except ValueError as error:
            self._views.refuse(view, now_ns, make_fault("DX-CAM-001", now_ns, view, detail=str(error)))
            return
        age_ns = self._clock.stamp_ns() - message.stamp_ns
        captured_ns = now_ns - max(age_ns, 0)
        self._views.offer(view, now_ns, Picture(pixels, message.stamp_ns, captured_ns, max(-age_ns, 0)))


def _waiting(subscription: Any, *, is_raw: bool) -> Iterator[Any]:
    for _ in range(_MOST_PER_TOPIC):
        with subscription.handle:
            found = subscription.handle.take_message(subscription.msg_type, is_raw)
        if found is None:
            return
        yield found[0]
