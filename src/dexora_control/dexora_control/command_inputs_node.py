"""Everything that the command node reads, taken by hand at the beginning of a tick.

| topic | type | from |
|---|---|---|
| `joint_states` | sensor_msgs/JointState | drivers, or the twin |
| `<controller>/controller_state` | control_msgs/JointTrajectoryControllerState | sign of life, not decoded |
| `dexora/command/chunk` | dexora_msgs/ActionChunk | every source; obeyed is who holds the lease |
| `dexora/policy/heartbeat`, `dexora/watchdog/heartbeat` | std_msgs/Header | signs of life |
| `dexora/teleop/deadman` | std_msgs/Bool | the enabling switch |
| `dexora/command/clearance` | dexora_msgs/Clearance | `clearance_node` |
| `enable_state` (latched) | std_msgs/Bool | the hardware's enable line; false is an emergency stop |
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from control_msgs.msg import JointTrajectoryControllerState
from dexora_core.clock import s_to_ns
from dexora_core.command_path import CommandPath
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault, make_fault
from dexora_core.motion.limits import FloatArray
from dexora_core.path_clock import SimulatedPathClock, WallPathClock
from dexora_ros.command_messages import to_raw_chunk
from dexora_ros.direct_subscription import DirectSubscription, Taken
from dexora_ros.graph import publishers_of, unmet_publishers
from dexora_ros.qos import LATCHED, SENSOR
from dexora_ros.stamps import to_ns
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Header

from dexora_control.allow_list import UNKNOWN_NAME, AllowList, Publisher
from dexora_control.bounded_topic_node import BoundedTopic
from dexora_control.clearance_input_node import ClearanceInput
from dexora_control.command_parameters import CommandParameters
from dexora_control.controller_watch import ControllerWatch
from dexora_control.leg_ages import LegAges
from dexora_control.message_rate import RateBudgets
from dexora_control.watchdog import REQUEST_PREFIX
from dexora_msgs.msg import ActionChunk

CHUNK_TOPIC = "dexora/command/chunk"
JOINT_STATE_BYTES = 65_536
CHUNKS = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=64, reliability=ReliabilityPolicy.RELIABLE)
"""Several sources may send between two ticks, and none may push out another, not even one that floods."""


class CommandInputs:
    """The subscriptions of the command node.

    Args:
        node: The node.
        contract: The robot.
        parameters: The node's parameters.
        clock: The clock of the command path.
    """

    def __init__(
        self,
        node: Node,
        contract: RobotContract,
        parameters: CommandParameters,
        clock: WallPathClock | SimulatedPathClock,
    ) -> None:
        self._node, self._clock = node, clock
        self._names = contract.joint_names
        self._is_imagined = parameters.dry_run  # the robot is left alone: take it that it follows
        self.controllers = ControllerWatch(contract, s_to_ns(parameters.controller_bound_s))
        self._joints = BoundedTopic(node, JointState, "joint_states", SENSOR, JOINT_STATE_BYTES)
        self._reports = {
            group.name: DirectSubscription(
                node,
                JointTrajectoryControllerState,
                f"{group.controller}/controller_state",
                SENSOR,
                decode=False,
            )
            for group in contract.groups
        }
        self._enable = BoundedTopic(node, Bool, "enable_state", LATCHED)
        self._deadman = BoundedTopic(node, Bool, "dexora/teleop/deadman", SENSOR)
        self._policy = BoundedTopic(node, Header, "dexora/policy/heartbeat", SENSOR)
        self._watchdog = BoundedTopic(node, Header, "dexora/watchdog/heartbeat", SENSOR)
        self._bounded = (self._joints, self._enable, self._deadman, self._policy, self._watchdog)
        bytes_bound = parameters.chunk_bytes_bound
        self.chunks = DirectSubscription(node, ActionChunk, CHUNK_TOPIC, CHUNKS, max_bytes=bytes_bound)
        self._budget = RateBudgets(CHUNK_TOPIC, parameters.chunk_rate_bound_hz, bytes_bound)
        self._searched_ns = -1
        space = node.get_namespace().rstrip("/")
        allowed = [name if name.startswith("/") else f"{space}/{name}" for name in parameters.publishers]
        self._allowed = AllowList(CHUNK_TOPIC, allowed)
        self.clearance = ClearanceInput(node, contract, clock)
        self.ages = LegAges()
        self._positions: dict[str, float] = {}
        self.is_enabled: bool | None = None
        self.has_watchdog = self.has_clearance = False
        self.power_request = ""

    # Before the path exists.

    def look(self) -> FloatArray | None:
        """Read what tells that everything is there; return all joint positions (J,) [rad] once known."""
        self._note_joints()
        self._read_enable()
        self.has_watchdog = self.has_watchdog or self._watchdog.newest() is not None
        self.has_clearance = self.has_clearance or self.clearance.is_heard
        found = [self._positions.get(name, np.nan) for name in self._names]
        return None if np.isnan(found).any() else np.array(found)

    def missing_joints(self) -> list[str]:
        """Return the joints whose position has not arrived."""
        return [name for name in self._names if not np.isfinite(self._positions.get(name, np.nan))]

    def forget(self) -> None:
        """Drop what was read, for the next activation."""
        self._positions.clear()
        self.has_watchdog = self.has_clearance = False
        while self.chunks.take() is not None:
            """What came before the activation is not executed."""

    # In every tick.

    def take(self, path: CommandPath, now_ns: int) -> list[Fault]:
        """Hand everything that arrived to the path; return conditions of the inputs that hold now.

        Args:
            path: Where it goes.
            now_ns: The present, in path time.
        """
        for group, report in self._reports.items():
            if report.newest() is not None:
                self.controllers.heard(now_ns, group)
        self._take_joints(path, now_ns)
        self._read_enable()
        if self.is_enabled is not None:
            path.supervision.set_enable_line(self.is_enabled)
        self._take_heartbeats(path, now_ns)
        for fault in self.clearance.take(path, now_ns):
            path.supervision.event(fault)
        for taken in self._admitted(path, now_ns):
            self._offer(path, now_ns, taken)
        floods = [self._budget.fault(now_ns), *(topic.fault(now_ns) for topic in self._bounded)]
        return self.controllers.faults(now_ns) + [flood for flood in floods if flood is not None]

    def watch(self, now_ns: int) -> list[Fault]:
        """Compare the publishers of chunks and clearances with the allow lists; some 0.2 ms."""
        topic = self.chunks.resolved_topic
        publishers = [Publisher(one.gid, one.node) for one in publishers_of(self._node, topic)]
        return self._allowed.watch(now_ns, publishers) + self.clearance.watch(now_ns)

    def unheard(self, now_ns: int) -> list[Fault]:
        """Return one fault per publisher of chunks that cannot be heard; some 0.1 ms."""
        topic = self.chunks.resolved_topic
        reasons = unmet_publishers(self._node, topic, CHUNKS)
        known = [reason for reason in reasons if UNKNOWN_NAME not in reason]
        return [make_fault("DX-CMD-008", now_ns, topic, detail=reason) for reason in known]

    def _take_joints(self, path: CommandPath, now_ns: int) -> None:
        message = self._note_joints()
        if message is None:
            return
        names, positions = self.controllers.believable(now_ns, message.name, message.position)
        if self._is_imagined:
            state = path.gate.plan.state_at(now_ns)[0]
            names, positions = self._names, state
        if len(names) or not len(message.name):
            path.joint_state(now_ns, names, positions, to_ns(message.header.stamp))

    def _note_joints(self) -> JointState | None:
        taken = self._joints.newest()
        if taken is None:
            return None
        self._positions.update(zip(taken.message.name, taken.message.position, strict=False))
        return taken.message

    def _read_enable(self) -> None:
        taken = self._enable.newest()
        if taken is not None:
            self.is_enabled = bool(taken.message.data)

    def _take_heartbeats(self, path: CommandPath, now_ns: int) -> None:
        beat = self._watchdog.newest()
        if beat is not None:
            path.supervision.watchdog.seen(now_ns)
            state = beat.message.frame_id
            is_asking = state.startswith(REQUEST_PREFIX)
            self.power_request = state.removeprefix(REQUEST_PREFIX) if is_asking else ""
            path.supervision.set_power_request(self.power_request)
        beat = self._policy.newest()
        if beat is not None:
            path.supervision.heard(now_ns, "policy", to_ns(beat.message.stamp))
        switch = self._deadman.newest()
        if switch is not None:
            path.supervision.deadman.update(now_ns, bool(switch.message.data))

    def _admitted(self, path: CommandPath, now_ns: int) -> Iterator[Taken]:
        """Yield the chunks of allowed publishers that the budget admits."""
        wanted = partial(self._is_wanted, path, now_ns)
        for _ in range(int(CHUNKS.depth)):
            taken = self.chunks.take(wanted)
            if taken is None:
                return
            if taken.message is not None:
                self._allowed.heard(now_ns, taken.publisher)
                yield taken

    def _is_wanted(self, path: CommandPath, now_ns: int, publisher: bytes, size: int) -> bool:
        """Return whether a chunk is worth decoding: from somebody who may send it, who sends no flood."""
        if not self._allowed.allows(publisher) and self._searched_ns != now_ns:
            self._searched_ns = now_ns  # one look per tick, however many chunks a stranger sends
            for fault in self.watch(now_ns):
                path.supervision.event(fault)
        if not self._allowed.allows(publisher):
            intruder = self._allowed.dropped(now_ns, publisher)
            if intruder is not None:
                path.supervision.event(intruder)
        return self._budget.admits(now_ns, publisher, size) and self._allowed.allows(publisher)

    def _offer(self, path: CommandPath, now_ns: int, taken: Taken) -> None:
        raw = to_raw_chunk(taken.message, self._clock.to_path)
        before = path.timeline.accepted
        path.offer_chunk(now_ns, raw)
        if path.timeline.accepted > before:
            self.ages.add(now_ns, now_ns, raw.stamps)
