"""Kills or stalls a process of the launch while the arms move, and tells what became of it. Simulation only.

| topic | type | for |
|---|---|---|
| `dexora/command/safety_state` | dexora_msgs/SafetyState | when the robot moves; what the stop ladder says |
| `<twin>/true_joint_states` | sensor_msgs/JointState | simulated time, and how the arms really move |
| `<controller>/controller_state` | control_msgs/JointTrajectoryControllerState | what the arms were told |
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from control_msgs.msg import JointTrajectoryControllerState
from dexora_core.clock import NS_PER_MS, ns_to_s, s_to_ns
from dexora_core.contract import load_contract
from dexora_core.motion.limits import MotionLimits
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.graph import publishers_of
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import LATCHED, STATE
from dexora_ros.stamps import to_ns
from sensor_msgs.msg import JointState

from dexora_description import contract_path
from dexora_msgs.msg import SafetyState
from dexora_sim.process_faults import PROCESS_FAULTS, VICTIMS, ProcessFault, StopMeter, is_node, siblings
from dexora_sim.process_report import Story, tell

# The arms are hit in the middle of a motion.
MOVING_RAD_S = 0.2
# What the stop ladder says about a fault, it has said by then.
TOLD_NS = s_to_ns(1.0)
LONGEST_NS = s_to_ns(5.0)
END_NS = s_to_ns(2.0)


@dataclass(frozen=True)
class ProcessFaultParameters:
    """Parameters of `process_fault_node`."""

    robot: str = param("dexora36", description="Robot contract to load.")
    fault: str = param("policy_killed", description="What happens to whom.", choices=PROCESS_FAULTS)
    fault_start: float = param(
        3.0,
        description="Earliest moment of the fault after the robot has begun to move.",
        unit="s of simulated time",
        lower=0.0,
        upper=3600.0,
    )
    waits_for_motion: bool = param(
        True,
        description="Wait until the arms move; without it the time counts from when command_node is active.",
    )
    ends: bool = param(False, description="End the process when everything is told.")
    restart: str = param("", description="Command that starts a killed policy again; told at the end.")
    twin: str = param("twin_node", description="Name of the twin's node, where ground truth is published.")


class ProcessFaultNode(ManagedNode[ProcessFaultParameters]):
    """Hits one process and tells the story."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("process_fault_node", ProcessFaultParameters, **node_options)

    def on_setup(self, parameters: ProcessFaultParameters) -> None:
        """Load the robot; hit nobody yet."""
        self._case = ProcessFault.parse(parameters.fault)
        self._contract = load_contract(contract_path(parameters.robot))
        self._limits = MotionLimits.from_contract(self._contract)
        self._arm_names = [group.name for group in self._contract.groups if group.kind == "arm"]
        self._arms = np.concatenate([self._contract.group_indices(name) for name in self._arm_names])
        self._safety: SafetyState | None = None
        self._begun_ns: int | None = None
        self._victims: dict[str, int] = {}
        self._meter: StopMeter | None = None
        self._story: Story | None = None
        self._told_ns: int | None = None
        self._is_gone = False
        self.diagnostics.add("fault", self._check)

    def on_start(self) -> None:
        """Watch."""
        truth = f"{self.parameters.twin}/true_joint_states"
        self.create_subscription(SafetyState, "dexora/command/safety_state", self._on_safety, LATCHED)
        self.create_subscription(JointState, truth, self._on_truth, STATE)
        for name in self._arm_names:
            topic = f"{self._contract.group(name).controller}/controller_state"
            callback = partial(self._on_controller, name)
            self.create_subscription(JointTrajectoryControllerState, topic, callback, STATE)

    def _on_safety(self, message: SafetyState) -> None:
        self._safety = message
        if self._story is not None and message.faults:
            worst = message.faults[0]
            self._story.note(worst, to_ns(worst.since), message.level)

    def _on_controller(self, group: str, message: JointTrajectoryControllerState) -> None:
        if self._meter is not None:
            reference = message.reference
            velocity, acceleration = np.array(reference.velocities), np.array(reference.accelerations)
            self._meter.reference(to_ns(message.header.stamp), group, velocity, acceleration)

    def _on_truth(self, message: JointState) -> None:
        now_ns = to_ns(message.header.stamp)
        speed_rad_s = float(np.abs(np.array(message.velocity)[self._arms]).max())
        if self._meter is None:
            if self._is_due(now_ns, speed_rad_s):
                self._strike(now_ns, speed_rad_s)
            return
        self._meter.speed(now_ns, speed_rad_s)
        since_ns = now_ns - self._meter.since_ns
        if self._told_ns is None and since_ns > TOLD_NS and self._is_over(since_ns):
            self._told_ns = now_ns
            self._tell()
        if self._told_ns is not None and now_ns - self._told_ns > END_NS:
            self._leave()

    def _leave(self) -> None:
        if self.parameters.ends and not self._is_gone:
            self._is_gone = True
            signal.raise_signal(signal.SIGINT)  # the process's own clean way down

    def _is_over(self, since_ns: int) -> bool:
        """Whether the arms rest for the reason that the stop ladder tells, if there is anybody to tell it."""
        assert self._meter is not None
        assert self._story is not None
        is_explained = self._story.reason is not None or self._case.victim == "command"
        return self._meter.is_at_rest and (is_explained or since_ns > LONGEST_NS)

    def _is_due(self, now_ns: int, speed_rad_s: float) -> bool:
        safety, waits = self._safety, self.parameters.waits_for_motion
        if safety is None or (waits and (safety.owner == "hold" or not safety.is_moving)):
            return False
        if self._begun_ns is None:
            self._begun_ns, self._victims = now_ns, self._find_victims()
        is_time = now_ns - self._begun_ns >= s_to_ns(self.parameters.fault_start)
        return is_time and (not waits or speed_rad_s >= MOVING_RAD_S)

    def _strike(self, now_ns: int, speed_rad_s: float) -> None:
        known = {name: pid for name, pid in self._victims.items() if is_node(pid, name)}
        victims = known or self._find_victims()
        for pid in victims.values():
            os.kill(pid, self._case.signal)
        if not victims:
            self.get_logger().error(
                f"{self._case.name} hits nobody: no process of this launch is {self._wanted()}",
                throttle_duration_sec=5.0,
            )
            return
        self._meter = StopMeter(self._limits, now_ns)
        restart = self.parameters.restart
        self._story = Story(self._case, tuple(victims.items()), now_ns, speed_rad_s, restart)
        for name, pid in victims.items():
            self.get_logger().warning(
                f"{self._case.name}: {name} (process {pid}) gets {self._case.signal.name} now, "
                f"{ns_to_s(now_ns):.2f} s of simulated time, arms at {speed_rad_s:.2f} rad/s"
            )

    def _find_victims(self) -> dict[str, int]:
        """Return who is to be hit; a look at all processes takes its time."""
        names = {VICTIMS[self._case.victim]}
        if self._case.victim == "policy":
            topic = self.resolve_topic_name("dexora/command/chunk")
            names = {one.node.rpartition("/")[2] for one in publishers_of(self, topic)}
        return {name: pid for name, pid in siblings(os.getpid()).items() if name in names}

    def _wanted(self) -> str:
        return VICTIMS[self._case.victim] or "a publisher of chunks"

    def _tell(self) -> None:
        assert self._story is not None
        assert self._meter is not None
        for line in tell(self._story, self._meter):
            self.get_logger().warning(line)

    def _check(self) -> Check:
        if self._meter is None:
            return Check.ok(f"{self._case.name} is to come")
        return Check.warn(f"{self._case.name} since {self._meter.since_ns // NS_PER_MS} ms of simulated time")


def main() -> int:
    """Run the node; exit code as `run_node`."""
    return run_node(ProcessFaultNode)


if __name__ == "__main__":
    sys.exit(main())
