"""Computes how near the parts of the robot come to each other, now and ahead, beside the tick.

| topic | type | direction |
|---|---|---|
| `joint_states` | sensor_msgs/JointState | in: where the robot is |
| `dexora/command/intent` | trajectory_msgs/JointTrajectory | in: what command_node is about to do |
| `dexora/command/clearance` | dexora_msgs/Clearance | out: an answer to every intent, 50 Hz without them |

A process of its own: one evaluation computes for 1 to 4 ms, which no loop with a deadline can wait for.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

from dexora_core.clearance import ClearanceJudge
from dexora_core.clock import s_to_ns
from dexora_core.collision import CollisionModel
from dexora_core.contract import load_contract
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import COMMAND, SENSOR
from dexora_ros.stamps import to_ns
from dexora_ros.transport import leave_shared_memory
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from dexora_control import realtime
from dexora_control.clearance_input_node import CLEARANCE_TOPIC, INTENT_TOPIC
from dexora_description import collision_path, contract_path, urdf_path
from dexora_msgs.msg import Clearance


@dataclass(frozen=True)
class ClearanceParameters:
    """Parameters of `clearance_node`."""

    robot: str = param("dexora36", description="Robot contract, model and collision margins to load.")
    period_s: float = param(
        0.02,
        description="Period of the answers while command_node says nothing; else it sets the pace.",
        unit="s",
        lower=0.005,
        upper=1.0,
    )
    realtime_priority: int = param(
        20,
        description="SCHED_FIFO priority to ask for, below command_node and watchdog; 0 asks for none.",
        lower=0,
        upper=80,
    )


class ClearanceNode(ManagedNode[ClearanceParameters]):
    """Answers what command_node is about to do with the distance that it leads to."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("clearance_node", ClearanceParameters, **node_options)

    def on_setup(self, parameters: ClearanceParameters) -> None:
        """Load shapes and margins, and make the topics."""
        contract = load_contract(contract_path(parameters.robot))
        files = urdf_path(parameters.robot), collision_path(parameters.robot)
        self._judge = ClearanceJudge(contract, CollisionModel.load(*files, contract.joint_names))
        self._message = Clearance()
        self._publisher = self.create_publisher(Clearance, CLEARANCE_TOPIC, COMMAND)
        self._answered_ns = self._count = 0
        self._longest_s = 0.0
        self.diagnostics.add("clearance", self._check)

    def on_start(self) -> None:
        """Listen; the steady clock serves while nobody asks."""
        parameters = self.parameters
        self._period_ns = s_to_ns(parameters.period_s)
        self.create_subscription(JointState, "joint_states", self._on_joints, SENSOR)
        self.create_subscription(JointTrajectory, INTENT_TOPIC, self._on_intent, SENSOR)
        for refusal in realtime.obtain(parameters.realtime_priority, False).refusals:
            self.get_logger().warning(f"{refusal}; answers may be late under load")
        self.create_timer(parameters.period_s, self._on_timer, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_stop(self) -> None:
        """Return to ordinary scheduling."""
        realtime.give_back()

    def _on_joints(self, message: JointState) -> None:
        self._judge.measured(message.name, message.position, to_ns(message.header.stamp))

    def _on_intent(self, message: JointTrajectory) -> None:
        poses = [point.positions for point in message.points]
        self._judge.intent(message.joint_names, poses, to_ns(message.header.stamp))
        self._answered_ns = time.monotonic_ns()
        self._answer()

    def _on_timer(self) -> None:
        if time.monotonic_ns() - self._answered_ns > 2 * self._period_ns:
            self._judge.forget_intent()
            self._answer()

    def _answer(self) -> None:
        begin_s = time.thread_time()
        found = self._judge.judge()
        if found is None:
            return
        stamp_ns, judgement = found
        message = self._message
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        message.pair, message.distance, message.ahead = (
            judgement.pair,
            judgement.distance_m,
            judgement.ahead_m,
        )
        message.slow, message.stop = judgement.slow_m, judgement.stop_m
        message.evaluation = time.thread_time() - begin_s
        self._publisher.publish(message)
        self._count += 1
        self._longest_s = max(self._longest_s, message.evaluation)

    def _check(self) -> Check:
        values = {"answers": str(self._count), "longest evaluation [ms]": f"{self._longest_s * 1e3:.1f}"}
        self._longest_s = 0.0
        if not self._count:
            return Check.warn(f"no answer yet: {self._judge.lacks}", values)
        message = self._message
        return Check.ok(f"{message.distance:.3f} m between {message.pair}", values)


def main() -> int:
    """Run the node; exit code as `run_node`."""
    leave_shared_memory()
    return run_node(ClearanceNode)


if __name__ == "__main__":
    sys.exit(main())
