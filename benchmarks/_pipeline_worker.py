"""One process of benchmarks/pipeline_age.py.

    python _pipeline_worker.py pure BUNDLE RUNS      encodes and infers without ROS; prints ms as JSON
    python _pipeline_worker.py cameras RATE_HZ 0     publishes four pictures at once, until it is interrupted
    python _pipeline_worker.py world WARM SECONDS    joints that follow at once, and controllers

World and cameras run on wall-clock stamps, as a robot does; the world prints what the nodes between its
cameras and its controllers said of the ages of what moves it.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
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
from rclpy.action import ActionClient
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory

from dexora_description import contract_path
from dexora_msgs.action import RunPolicy
from dexora_msgs.msg import ActionChunk, CommandStatus, PolicyStatus
from dexora_msgs.srv import ResetFault

CONTRACT = load_contract(contract_path())
WIDTH, HEIGHT = 320, 240
JOINT_HZ = 100.0


def pictures() -> dict[str, np.ndarray]:
    """Return one picture per view, none of which is black."""
    generator = np.random.default_rng(0)
    return {view: generator.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8) for view in CONTRACT.views}


def pure(bundle: str, runs: int) -> list[float]:
    """Return the time of one encoding and one inference after the other, without ROS [ms].

    At the rate of the cameras: a loop without pauses keeps caches warm that a robot finds cold.
    """
    encoder = TokenEncoder(
        open_encoder(load_bundle(Path(bundle)), EngineChoice()), load_bundle(Path(bundle)).manifest
    )
    policy = LoadedPolicy(Path(bundle), CONTRACT, EngineSettings())
    seen, words = pictures(), policy.features("nothing in particular")
    count, durations = len(CONTRACT.views), []
    due_s = time.monotonic()
    for _ in range(runs + 5):
        due_s = max(due_s + 1.0 / CONTRACT.cameras[0].rate_hz, time.monotonic())
        time.sleep(max(0.0, due_s - time.monotonic()))
        begin_ns = time.perf_counter_ns()
        encoded = encoder.encode(seen)
        tokens = Tokens(encoded.tokens.astype(np.float32), np.ones(count, bool), 0, 0)  # type: ignore[union-attr]
        policy.run(Observation(tokens, CONTRACT.home_rad, words, np.repeat(CONTRACT.home_rad[None], 2, 0)))
        durations.append((time.perf_counter_ns() - begin_ns) / 1e6)
    return durations[5:]


def cameras(rate_hz: float) -> None:
    """Publish four pictures at once, stamped before the first of them is sent."""
    rclpy.init()
    node, pixels = Node("benchmark_cameras"), pictures()
    senders = [(one, node.create_publisher(Image, one.topic, SENSOR), Image()) for one in CONTRACT.cameras]
    due_s = time.monotonic()
    with suppress(KeyboardInterrupt):
        while True:
            due_s += 1.0 / rate_hz
            time.sleep(max(0.0, due_s - time.monotonic()))
            stamp_ns = time.time_ns()
            for camera, publisher, message in senders:
                picture = pixels[camera.view]
                picture[0, 0] += 1  # a picture that repeats itself counts as frozen
                publisher.publish(fill_image(message, picture, "rgb8", stamp_ns, camera.frame_id))


class World(Node):
    """Joints that are where the last command put them, and a listener of what is said about ages."""

    def __init__(self) -> None:
        super().__init__("benchmark_world")
        self.position = np.array(CONTRACT.home_rad)
        self.chunks: list[list[int]] = []
        self.status: CommandStatus | None = None
        self._joints = self.create_publisher(JointState, "joint_states", STATE)
        for group in CONTRACT.groups:
            topic, index = f"{group.controller}/joint_trajectory", CONTRACT.group_indices(group.name)
            self.create_subscription(JointTrajectory, topic, self._follow(index), COMMAND)
        self.create_subscription(ActionChunk, "dexora/command/chunk", self._on_chunk, COMMAND)
        self.inside_ms: list[float] = []
        self.create_subscription(PolicyStatus, "dexora/policy/status", self._on_policy, STATUS)
        self.create_subscription(CommandStatus, "dexora/command/status", self._on_status, STATUS)
        self.create_timer(1.0 / JOINT_HZ, self._tell_joints)
        self._runs = ActionClient(self, RunPolicy, "dexora/policy/run")
        self._resets = self.create_client(ResetFault, "dexora/command/reset_fault")
        self._goal: Any = None
        self.create_timer(0.5, self._keep_running)

    def _follow(self, index: np.ndarray) -> Any:
        def take(message: JointTrajectory) -> None:
            self.position[index] = message.points[0].positions

        return take

    def _tell_joints(self) -> None:
        message = JointState(name=list(CONTRACT.joint_names), position=self.position.tolist())
        set_stamp(message.header.stamp, time.time_ns())
        self._joints.publish(message)

    def _keep_running(self) -> None:
        """Begin a run, and the next one when a busy machine has ended it."""
        if self._goal is not None or not self._runs.server_is_ready() or not self._resets.service_is_ready():
            return
        self._resets.call_async(ResetFault.Request(operator_name="benchmark"))
        self._goal = self._runs.send_goal_async(RunPolicy.Goal(instruction="nothing in particular"))
        self._goal.add_done_callback(
            lambda sent: sent.result().get_result_async().add_done_callback(self._on_end)
        )

    def _on_end(self, _result: Any) -> None:
        self._goal = None

    def _on_chunk(self, message: ActionChunk) -> None:
        links = (
            message.oldest_camera_stamp,
            message.token_stamp,
            message.inference_start,
            message.inference_end,
        )
        self.chunks.append([*(to_ns(link) for link in links), time.time_ns()])

    def _on_policy(self, message: PolicyStatus) -> None:
        if message.stage_durations:
            self.inside_ms.append(1e3 * sum(message.stage_durations))

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
    return {"chunks": node.chunks[1:], "legs": ages, "seconds": seconds, "inside": node.inside_ms}


def main() -> int:
    """Do what the command line says; one line of JSON."""
    role, first, second = sys.argv[1:4]
    if role == "cameras":
        cameras(float(first))
        return 0
    result: Any = pure(first, int(second)) if role == "pure" else world(float(first), float(second))
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
