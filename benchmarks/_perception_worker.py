"""One process of the token encoder's benchmark: `cameras`, `tokens` (the listener), or `queued` (the peer).

Cameras and listener say `ready`, take the start and the end of the measured time from their standard input
(monotonic times) and answer with one line of JSON. Stamps are wall-clock times, as on a robot. The peer runs
until it is interrupted.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from _transport_worker import LINGER_NS, rendezvous
from dexora_core.bundle import load_bundle
from dexora_core.contract import load_contract
from dexora_perception.token_encoder import EngineChoice, TokenEncoder, open_encoder
from dexora_ros.buffers import fill_image, fill_tokens, image_view
from dexora_ros.executor_choice import choose_executor
from dexora_ros.qos import SENSOR
from dexora_ros.stamps import set_stamp, to_ns
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from dexora_description import contract_path
from dexora_msgs.msg import VisualTokens

CAMERAS = load_contract(contract_path()).cameras
SHAPE = (CAMERAS[0].height, CAMERAS[0].width, 3)
RATE_HZ = 30.0
TOKENS_TOPIC = "dexora/perception/tokens"
# What a node gets that takes a synchroniser's usual queue.
QUEUE = 10
_DIFFERENT_PICTURES = 4


def cameras(on_exit: ExitStack) -> dict[str, Any]:
    """Publish four cameras at 30 Hz; return the stamps of the pictures of the measured time [ns]."""
    node = Node("benchmark_cameras")
    on_exit.callback(node.destroy_node)
    publishers = [node.create_publisher(Image, camera.topic.lstrip("/"), SENSOR) for camera in CAMERAS]
    generator = np.random.default_rng(0)
    messages = [
        fill_image(Image(), generator.integers(0, 256, SHAPE, dtype=np.uint8), "rgb8", 0, "camera")
        for _ in range(_DIFFERENT_PICTURES)
    ]
    start_ns, end_ns = rendezvous(lambda: all(p.get_subscription_count() for p in publishers))
    due_ns, number, stamps = time.monotonic_ns(), 0, []
    while due_ns < end_ns:
        time.sleep(max(0.0, (due_ns - time.monotonic_ns()) * 1e-9))
        stamp_ns = time.time_ns()
        for publisher in publishers:
            message = messages[number % _DIFFERENT_PICTURES]
            number += 1
            set_stamp(message.header.stamp, stamp_ns)
            publisher.publish(message)
        number += 1  # each camera shows something else than last time
        if due_ns >= start_ns:
            stamps.append(stamp_ns)
        due_ns += round(1e9 / RATE_HZ)
    time.sleep(LINGER_NS * 1e-9)
    return {"stamps_ns": stamps}


def tokens(on_exit: ExitStack) -> dict[str, Any]:
    """Listen to the tokens; return stamps of views, start and end of encoding and arrival of each [ns]."""
    node = Node("benchmark_tokens")
    on_exit.callback(node.destroy_node)
    rows: list[list[Any]] = []

    def receive(message: VisualTokens) -> None:
        now_ns = time.time_ns()
        stamps = [to_ns(stamp) for stamp in message.view_stamps]
        rows.append([stamps, to_ns(message.encode_start), to_ns(message.encode_end), now_ns])

    node.create_subscription(VisualTokens, TOKENS_TOPIC, receive, SENSOR)
    executor = choose_executor(rclpy.get_default_context()).executor
    executor.add_node(node)
    on_exit.callback(executor.shutdown)
    on_exit.callback(executor.remove_node, node)
    start_ns, end_ns = rendezvous(lambda: node.count_publishers(TOKENS_TOPIC) > 0)
    wall_ns = time.time_ns() - time.monotonic_ns()
    never = executor.create_future()
    while (left_ns := end_ns + LINGER_NS - time.monotonic_ns()) > 0:
        executor.spin_until_future_complete(never, timeout_sec=left_ns * 1e-9)
    return {"rows": [row for row in rows if start_ns + wall_ns <= row[1] < end_ns + wall_ns]}


class Queued(Node):
    """The peer: a queue per camera, sets of equal stamps as a synchroniser makes them, every set encoded."""

    def __init__(self, bundle_path: str) -> None:
        super().__init__("queued_encoder")
        bundle = load_bundle(Path(bundle_path))
        self._encoder = TokenEncoder(open_encoder(bundle, EngineChoice()), bundle.manifest)
        self._encoder.warm_up(2)
        self._message = VisualTokens(encoder_id=bundle.manifest.encoder_id)
        self._publisher = self.create_publisher(VisualTokens, TOKENS_TOPIC, SENSOR)
        self._sets: dict[int, dict[str, Image]] = {}
        quality = QoSProfile(depth=QUEUE, reliability=ReliabilityPolicy.BEST_EFFORT)
        for camera in CAMERAS:
            self.create_subscription(
                Image, camera.topic.lstrip("/"), lambda m, view=camera.view: self._receive(view, m), quality
            )

    def _receive(self, view: str, message: Image) -> None:
        stamp_ns = to_ns(message.header.stamp)
        pictures = self._sets.setdefault(stamp_ns, {})
        pictures[view] = message
        if len(pictures) == len(CAMERAS):
            self._encode(stamp_ns, pictures)
            self._sets = {stamp: kept for stamp, kept in self._sets.items() if stamp > stamp_ns}

    def _encode(self, stamp_ns: int, pictures: dict[str, Image]) -> None:
        set_stamp(self._message.encode_start, time.time_ns())
        ordered = {camera.view: image_view(pictures[camera.view]) for camera in CAMERAS}
        encoded = self._encoder.encode(ordered)
        fill_tokens(self._message, encoded.tokens, list(ordered), [stamp_ns] * len(ordered))
        set_stamp(self._message.encode_end, time.time_ns())
        self._publisher.publish(self._message)


def queued(bundle_path: str) -> int:
    """Run the peer until it is interrupted."""
    rclpy.init(args=[])
    node = Queued(bundle_path)
    executor = choose_executor(rclpy.get_default_context()).executor
    executor.add_node(node)
    never = executor.create_future()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        while rclpy.ok():
            executor.spin_until_future_complete(never, timeout_sec=1.0)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


def main() -> int:
    """Run one role."""
    if sys.argv[1] == "queued":
        return queued(sys.argv[2])
    with ExitStack() as on_exit:
        gc.disable()
        rclpy.init(args=[])
        on_exit.callback(rclpy.shutdown)
        result = {"cameras": cameras, "tokens": tokens}[sys.argv[1]](on_exit)
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
