"""One process of the twin's benchmark: `twin` is the node, `listen` times joint states, `load` drives it.

Listener and load say `ready` once they hear the twin, take the start and the end of the measured time from
their standard input (monotonic times) and answer with one line of JSON. The twin answers when it is
interrupted.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from contextlib import ExitStack
from typing import Any, ClassVar

import numpy as np
import rclpy
from _transport_worker import LINGER_NS, MATCH_TIMEOUT_S
from dexora_core.contract import load_contract
from dexora_ros.executor_choice import choose_executor
from dexora_ros.joint_state_publisher import JointStatePublisher
from dexora_ros.qos import COMMAND, SENSOR, STATE
from dexora_ros.stamps import to_ns
from dexora_ros.trajectory_messages import fill_single_point
from rclpy.node import Node
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory

from dexora_description import contract_path
from dexora_sim import twin_node

COMMAND_PERIOD_S = 0.05
SWING_RAD = 0.1


class TimedPublisher(JointStatePublisher):
    """Remembers when each joint state was handed over for publishing: stamp and monotonic time [ns]."""

    published: ClassVar[list[tuple[int, int]]] = []

    def publish(self, *state: Any) -> None:
        """Note the time and publish."""
        if self.topic == "joint_states":
            self.published.append((state[-1], time.monotonic_ns()))
        super().publish(*state)

    def __init__(self, node: Any, topic: str) -> None:
        super().__init__(node, topic)
        self.topic = topic


class Listener:
    """Times joint states: when each arrived and which instant it describes [ns]."""

    def __init__(self, node: Node) -> None:
        self.rows: list[tuple[int, int]] = []
        node.create_subscription(JointState, "joint_states", self._receive, STATE)

    @property
    def is_served(self) -> bool:
        """True once something has come in."""
        return bool(self.rows)

    def _receive(self, message: JointState) -> None:
        now_ns = time.monotonic_ns()
        self.rows.append((now_ns, to_ns(message.header.stamp)))

    def result(self, start_ns: int, end_ns: int) -> dict[str, Any]:
        """Return arrival times and stamps of the measured time."""
        rows = [row for row in self.rows if start_ns <= row[0] < end_ns]
        return {"arrival_ns": [row[0] for row in rows], "stamp_ns": [row[1] for row in rows]}


class Load:
    """Streams joint targets to the four controllers at 20 Hz and counts the pictures that arrive."""

    def __init__(self, node: Node) -> None:
        contract = load_contract(contract_path())
        self._node, self._home, self._sent = node, contract.home_rad, 0
        self._middle = (contract.lower_rad + contract.upper_rad) / 2
        self.arrivals_ns: list[int] = []
        self._commands = [
            (
                contract.group_indices(group.name),
                JointTrajectory(joint_names=list(contract.group_joints(group.name))),
                node.create_publisher(JointTrajectory, f"{group.controller}/joint_trajectory", COMMAND),
            )
            for group in contract.groups
        ]
        for camera in contract.cameras:
            node.create_subscription(Image, camera.topic.lstrip("/"), self._receive, SENSOR)
        node.create_timer(COMMAND_PERIOD_S, self._drive)

    @property
    def is_served(self) -> bool:
        """True once the controllers listen."""
        return all(publisher.get_subscription_count() for _, _, publisher in self._commands)

    def _receive(self, _message: Image) -> None:
        self.arrivals_ns.append(time.monotonic_ns())

    def _drive(self) -> None:
        self._sent += 1
        swing = SWING_RAD * (1.0 - np.cos(2.0 * self._sent * COMMAND_PERIOD_S)) / 2.0
        targets = self._home + swing * np.sign(self._middle - self._home)
        for indices, command, publisher in self._commands:
            publisher.publish(fill_single_point(command, targets[indices], 0, round(2e9 * COMMAND_PERIOD_S)))

    def result(self, start_ns: int, end_ns: int) -> dict[str, Any]:
        """Return how many pictures came in the measured time."""
        return {"pictures": sum(start_ns <= arrival < end_ns for arrival in self.arrivals_ns)}


def run(role: str, on_exit: ExitStack) -> dict[str, Any]:
    """Serve until half a second after the end of the measured time."""
    node = Node(f"benchmark_{role}", enable_rosout=False)
    on_exit.callback(node.destroy_node)
    executor = choose_executor(rclpy.get_default_context()).executor
    part = Listener(node) if role == "listen" else Load(node)
    executor.add_node(node)
    on_exit.callback(executor.shutdown)
    on_exit.callback(executor.remove_node, node)

    def serve_until(end_ns: int, *, is_enough: bool = False) -> None:
        never = executor.create_future()
        while (left_ns := end_ns - time.monotonic_ns()) > 0 and not (is_enough and part.is_served):
            slice_s = 0.05 if is_enough else left_ns * 1e-9
            executor.spin_until_future_complete(never, timeout_sec=slice_s)

    serve_until(time.monotonic_ns() + round(MATCH_TIMEOUT_S * 1e9), is_enough=True)
    if not part.is_served:
        raise TimeoutError(f"no twin heard within {MATCH_TIMEOUT_S:g} s")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    start_ns, end_ns = map(int, sys.stdin.readline().split())
    serve_until(end_ns + LINGER_NS)
    return part.result(start_ns, end_ns)


def run_twin() -> int:
    """Run the twin's node until it is interrupted; arguments are the command line's."""
    twin_node.JointStatePublisher = TimedPublisher
    code = twin_node.main()
    sys.stdout.write(json.dumps({"published": TimedPublisher.published}) + "\n")
    return code


def main() -> int:
    """Run one role; the result is one line of JSON."""
    if sys.argv[1] == "twin":
        return run_twin()
    with ExitStack() as on_exit:
        gc.disable()
        rclpy.init(args=[])
        on_exit.callback(rclpy.shutdown)
        result = run(sys.argv[1], on_exit)
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
