"""Waits until everything is there that the command node must not run without, or says what is missing."""

from __future__ import annotations

import time
from collections.abc import Callable

from dexora_core.contract import RobotContract
from dexora_core.errors import ConfigError
from dexora_core.faults import make_fault
from dexora_core.motion.limits import FloatArray
from dexora_ros.direct_subscription import DirectSubscription
from dexora_ros.graph import count_of_node, unmet_publishers, unmet_subscriptions
from dexora_ros.qos import COMMAND, SENSOR
from rclpy.node import Node
from std_msgs.msg import Header

from dexora_control.command_inputs_node import CHUNKS, CommandInputs
from dexora_control.command_outputs_node import CommandOutputs
from dexora_control.command_parameters import CommandParameters
from dexora_control.watchdog import ACTIVE

_POLL_S = 0.02
# Names travel slower than topics: a double is heard, or seen, within this time.
_SETTLE_S = 1.0
# So often somebody who watches is told what is still missing.
_TELL_EVERY_S = 5.0


class StartGate:
    """Looks for clock, joints, controllers, enable line, watchdog, distances, doubles and deaf connections.

    Args:
        node: The node that wants to start.
        contract: The robot.
        parameters: Which of it is needed, and how long to wait.
        inputs: The node's subscriptions.
        outputs: The node's publishers.
    """

    def __init__(
        self,
        node: Node,
        contract: RobotContract,
        parameters: CommandParameters,
        inputs: CommandInputs,
        outputs: CommandOutputs,
    ) -> None:
        self._node, self._contract, self._parameters = node, contract, parameters
        self._inputs, self._outputs = inputs, outputs
        self._beats = DirectSubscription(node, Header, "dexora/command/heartbeat", SENSOR)
        self._double_s = -_SETTLE_S

    def wait(self, read_clock: Callable[[], int], has_time: Callable[[], bool]) -> FloatArray:
        """Return the measured positions, shape (J,) [rad], once everything is there.

        Args:
            read_clock: Reads the clock of the command path.
            has_time: Whether that clock has a time.

        Raises:
            ConfigError: Something is missing after the time allowed, or can never fit.
        """
        begin_s, told_s = time.monotonic(), 0.0
        while True:
            read_clock()
            position = self._inputs.look()
            missing = self._missing(has_time())
            waited_s = time.monotonic() - begin_s
            if not missing and position is not None and waited_s >= _SETTLE_S:
                return position
            if waited_s > self._parameters.startup_timeout_s:
                self._refuse(f"after {waited_s:.0f} s these are missing: {'; '.join(missing)}")
            if waited_s - told_s >= _TELL_EVERY_S:
                told_s = waited_s
                self._tell(missing, self._parameters.startup_timeout_s - waited_s)
            time.sleep(_POLL_S)

    def _tell(self, missing: list[str], left_s: float) -> None:
        logger = self._node.get_logger()
        logger.info(f"waiting, for {left_s:.0f} s at most, for these: {'; '.join(missing)}")

    def _missing(self, has_time: bool) -> list[str]:
        missing = [] if has_time else ["/clock, although use_sim_time is set"]
        joints = self._inputs.missing_joints()
        if joints:
            shown = ", ".join(joints[:4]) + (f" and {len(joints) - 4} more" if len(joints) > 4 else "")
            missing.append(f"joint_states of {shown}")
        listening = self._outputs.listening
        missing += [
            f"a controller on {self._outputs.topics[group]}"
            for group in self._contract.group_names
            if group not in listening
        ]
        if self._parameters.needs_enable_state and self._inputs.is_enabled is None:
            missing.append("enable_state")
        if self._parameters.needs_watchdog and not self._inputs.has_watchdog:
            missing.append("the heartbeat of watchdog_node")
        if self._parameters.needs_clearance and not self._inputs.has_clearance:
            missing.append("the distances of clearance_node")
        beat = self._beats.newest()
        if beat is not None and beat.message.frame_id == ACTIVE:
            self._double_s = time.monotonic()
        if count_of_node(self._node) > 1 or time.monotonic() - self._double_s < _SETTLE_S:
            missing.append(f"a free name: another node {self._node.get_fully_qualified_name()} is running")
        return missing + self._deaf()

    def _deaf(self) -> list[str]:
        deaf = unmet_publishers(self._node, self._inputs.chunks.resolved_topic, CHUNKS)
        for topic in self._outputs.topics.values():
            deaf += unmet_subscriptions(self._node, topic, COMMAND)
        return deaf

    def _refuse(self, detail: str) -> None:
        fault = make_fault("DX-CMD-006", 0, self._node.get_name(), detail=detail)
        raise ConfigError(f"{fault.sentence} {fault.spec.remedy}", code=fault.code)
