"""One process of benchmarks/pipeline_age.py.

    python _pipeline_worker.py pure BUNDLE RUNS      encodes and infers without ROS; prints ms as JSON
    python _pipeline_worker.py world WARM SECONDS    four cameras, joints that follow at once, controllers

The world runs on wall-clock stamps, as a robot does, and prints what the nodes between its cameras and its
controllers said of the ages of what moves it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from dexora_core.bundle import load_bundle
from dexora_core.contract import load_contract
from dexora_perception.token_encoder import EngineChoice, TokenEncoder, open_encoder
from dexora_policy.policy_loading import EngineSettings, LoadedPolicy
from dexora_policy.policy_runner import Observation
from dexora_policy.token_intake import Tokens
from dexora_ros.buffers import fill_image
from dexora_ros.executor_choice import choose_executor
from dexora_ros.qos import COMMAND, SENSOR, STATE, STATUS
from dexora_ros.stamps import set_stamp, to_ns
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory

from dexora_description import contract_path
from dexora_msgs.msg import ActionChunk, CommandStatus

CONTRACT = load_contract(contract_path())
WIDTH, HEIGHT = 320, 240
JOINT_HZ = 100.0


def pictures() -> dict[str, np.ndarray]:
    """Return one picture per view, none of which is black."""
    generator = np.random.default_rng(0)
    return {view: generator.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8) for view in CONTRACT.views}


def pure(bundle: str, runs: int) -> list[float]:
    """Return the time of one encoding and one inference after the other, without ROS [ms]."""
    encoder = TokenEncoder(
        open_encoder(load_bundle(Path(bundle)), EngineChoice()), load_bundle(Path(bundle)).manifest
    )
    policy = LoadedPolicy(Path(bundle), CONTRACT, EngineSettings())
    seen, words = pictures(), policy.features("nothing in particular")
    count, durations = len(CONTRACT.views), []
    for _ in range(runs + 5):
        begin_ns = time.perf_counter_ns()
        encoded = encoder.encode(seen)
        tokens = Tokens(encoded.tokens.astype(np.float32), np.ones(count, bool), 0, 0)  # type: ignore[union-attr]
        policy.run(Observation(tokens, CONTRACT.home_rad, words, np.repeat(CONTRACT.home_rad[None], 2, 0)))
        durations.append((time.perf_counter_ns() - begin_ns) / 1e6)
    return durations[5:]


class World(Node):
    """Cameras at the contract's rate, and joints that are where the last command put them."""

    def __init__(self) -> None:
        super().__init__("benchmark_world")
        self.position = np.array(CONTRACT.home_rad)
        self.chunks: list[list[int]] = []
        self.status: CommandStatus | None = None
        self._pictures = [
            (camera, self.create_publisher(Image, camera.topic, SENSOR), Image())
            for camera in CONTRACT.cameras
        ]
        self._pixels = pictures()
        self._joints = self.create_publisher(JointState, "joint_states", STATE)
        for group in CONTRACT.groups:
            topic, index = f"{group.controller}/joint_trajectory", CONTRACT.group_indices(group.name)
            self.create_subscription(JointTrajectory, topic, self._follow(index), COMMAND)
        self.create_subscription(ActionChunk, "dexora/command/chunk", self._on_chunk, COMMAND)
        self.create_subscription(CommandStatus, "dexora/command/status", self._on_status, STATUS)
        self.create_timer(1.0 / JOINT_HZ, self._tell_joints)
        self.create_timer(1.0 / CONTRACT.cameras[0].rate_hz, self._take_pictures)

    def _follow(self, index: np.ndarray) -> Any:
        def take(message: JointTrajectory) -> None:
            self.position[index] = message.points[0].positions

        return take

    def _tell_joints(self) -> None:
        message = JointState(name=list(CONTRACT.joint_names), position=self.position.tolist())
        set_stamp(message.header.stamp, time.time_ns())
        self._joints.publish(message)

    def _take_pictures(self) -> None:
        stamp_ns = time.time_ns()
        for camera, publisher, message in self._pictures:
            pixels = self._pixels[camera.view]
            pixels[0, 0] += 1  # a picture that repeats itself counts as frozen
            publisher.publish(fill_image(message, pixels, "rgb8", stamp_ns, camera.frame_id))

    def _on_chunk(self, message: ActionChunk) -> None:
        links = (
            message.oldest_camera_stamp,
            message.token_stamp,
            message.inference_start,
            message.inference_end,
        )
        self.chunks.append([*(to_ns(link) for link in links), time.time_ns()])

    def _on_status(self, message: CommandStatus) -> None:
        self.status = message


def world(warm_s: float, seconds: float) -> dict[str, Any]:
    """Wait for chunks, let `warm_s` pass, and return what the chunks of the following time say."""
    rclpy.init()
    node = World()
    executor = choose_executor(node.context).executor
    executor.add_node(node)
    give_up_s = time.monotonic() + 90.0
    begin_s = end_s = float("inf")
    while time.monotonic() < end_s and time.monotonic() < give_up_s:
        try:
            executor.spin_once(timeout_sec=0.1)
        except ExternalShutdownException:
            break
        if node.chunks and end_s == float("inf"):
            begin_s = time.monotonic() + warm_s
            end_s = give_up_s = begin_s + seconds
        if time.monotonic() < begin_s:
            del node.chunks[1:]
    ages = {} if node.status is None else {a.leg: [a.p50, a.p95, a.p99] for a in node.status.ages}
    return {"chunks": node.chunks[1:], "legs": ages, "seconds": seconds}


def main() -> int:
    """Do what the command line says; one line of JSON."""
    role, first, second = sys.argv[1:4]
    result: Any = pure(first, int(second)) if role == "pure" else world(float(first), float(second))
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
