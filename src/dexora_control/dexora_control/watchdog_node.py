"""A small process that watches the command node from outside and can have the power removed.

| topic or service | type | direction |
|---|---|---|
| `dexora/command/heartbeat` | std_msgs/Header | in; expected once it says `active` |
| `joint_states` | sensor_msgs/JointState | in; not decoded |
| `dexora/watchdog/heartbeat` | std_msgs/Header | out; `active`, or `open: <reason>` while it asks |
| `set_enable` | std_srvs/SetBool | called with false until it succeeds |
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

from dexora_core.clock import NS_PER_S, s_to_ns
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import COMMAND, SENSOR
from dexora_ros.transport import leave_shared_memory
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from dexora_control import realtime
from dexora_control.watchdog import REQUEST_PREFIX, Watchdog, WatchdogBounds

ASK_NS = NS_PER_S // 10


@dataclass(frozen=True)
class WatchdogParameters:
    """Parameters of `watchdog_node`."""

    command_bound_s: float = param(
        0.1, description="Silence of command_node that removes the power.", unit="s", lower=0.03, upper=10.0
    )
    joint_states_bound_s: float = param(
        0.5,
        description="Silence of the joint states that removes the power; 0 does not watch them.",
        unit="s",
        lower=0.0,
        upper=60.0,
    )
    period_s: float = param(
        0.02, description="Period of checks and heartbeats.", unit="s", lower=0.005, upper=0.1
    )
    realtime_priority: int = param(
        30,
        description="SCHED_FIFO priority to ask for, below that of command_node; 0 asks for none.",
        lower=0,
        upper=80,
    )
    lock_memory: bool = param(True, description="Ask that pages in use are never swapped out.")


class WatchdogNode(ManagedNode[WatchdogParameters]):
    """Watches from outside."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("watchdog_node", WatchdogParameters, **node_options)

    def on_setup(self, parameters: WatchdogParameters) -> None:
        """Make the rules and the topics."""
        bounds = WatchdogBounds(s_to_ns(parameters.command_bound_s), s_to_ns(parameters.joint_states_bound_s))
        self._watchdog = Watchdog(bounds)
        self._beat = Header()
        self._beats = self.create_publisher(Header, "dexora/watchdog/heartbeat", COMMAND)
        self._enable = self.create_client(SetBool, "set_enable")
        self._asked_ns, self._told = 0, ""
        self.diagnostics.add("watch", self._check)

    def on_start(self) -> None:
        """Watch on the steady clock: a paused simulation does not pause the watchdog."""
        self.create_subscription(Header, "dexora/command/heartbeat", self._on_command, SENSOR)
        self.create_subscription(JointState, "joint_states", self._on_joints, SENSOR, raw=True)
        scheduling = realtime.obtain(self.parameters.realtime_priority, self.parameters.lock_memory)
        for refusal in scheduling.refusals:
            self.get_logger().warning(f"{refusal}; the watchdog may be late under load")
        self.create_timer(self.parameters.period_s, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_stop(self) -> None:
        """Return to ordinary scheduling."""
        realtime.give_back()

    def _on_command(self, beat: Header) -> None:
        self._watchdog.command_heartbeat(time.monotonic_ns(), beat.frame_id)

    def _on_joints(self, _serialized: bytes) -> None:
        self._watchdog.joint_states(time.monotonic_ns())

    def _tick(self) -> None:
        now_ns = time.monotonic_ns()
        request = self._watchdog.check(now_ns)
        if request != self._told:
            self._told = request
            self.get_logger().error(
                f"asks for the power to be removed: {request}" if request else "all is well"
            )
        if self._watchdog.must_ask and now_ns - self._asked_ns >= ASK_NS:
            self._asked_ns = now_ns
            self._ask()
        self._beat.stamp = self.get_clock().now().to_msg()
        self._beat.frame_id = REQUEST_PREFIX + request if request else self.state_label
        self._beats.publish(self._beat)

    def _ask(self) -> None:
        if not self._enable.service_is_ready():
            self.get_logger().error(
                "set_enable is not offered: the power stays on", throttle_duration_sec=1.0
            )
            return
        self._enable.call_async(SetBool.Request(data=False)).add_done_callback(self.guard(self._on_answer))

    def _on_answer(self, future: Any) -> None:
        if future.result().success:
            self._watchdog.opened()

    def _check(self) -> Check:
        if self._watchdog.request:
            return Check.error(self._watchdog.request)
        return Check.ok("watching" if self._watchdog.is_armed else "command_node is not active")


def main() -> int:
    """Run the node; exit code as `run_node`."""
    leave_shared_memory()
    return run_node(WatchdogNode)


if __name__ == "__main__":
    sys.exit(main())
