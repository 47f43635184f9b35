"""How the command node hears of the collision check beside it, and tells it what is to be judged.

| topic | type | direction |
|---|---|---|
| `dexora/command/clearance` | dexora_msgs/Clearance | in: from `clearance_node`, obeyed from nobody else |
| `dexora/command/intent` | trajectory_msgs/JointTrajectory | out, 50 Hz: poses, see `dexora_core.intent` |
"""

from __future__ import annotations

from dexora_core.clock import NS_PER_MS
from dexora_core.command_path import CommandPath
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault
from dexora_core.intent import STEP_NS
from dexora_core.path_clock import SimulatedPathClock, WallPathClock
from dexora_core.stages import Clearance
from dexora_ros.command_messages import fill_positions
from dexora_ros.direct_subscription import DirectSubscription
from dexora_ros.graph import publishers_of
from dexora_ros.qos import COMMAND, SENSOR
from dexora_ros.stamps import to_ns
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from dexora_control.allow_list import AllowList, Publisher
from dexora_msgs.msg import Clearance as ClearanceMessage

CLEARANCE_TOPIC, INTENT_TOPIC = "dexora/command/clearance", "dexora/command/intent"
SHORTEST_NS = 15 * NS_PER_MS
"""Intents are no nearer in time than this; ticks of 10 ms and a coarse clock give 50 per second with it."""
PUBLISHER = "clearance_node"


class ClearanceInput:
    """The command node's end of the collision check.

    Args:
        node: The node.
        contract: The robot.
        clock: The clock of the command path.
    """

    def __init__(
        self, node: Node, contract: RobotContract, clock: WallPathClock | SimulatedPathClock
    ) -> None:
        self._node, self._clock = node, clock
        self._results = DirectSubscription(node, ClearanceMessage, CLEARANCE_TOPIC, SENSOR)
        self._intents = node.create_publisher(JointTrajectory, INTENT_TOPIC, COMMAND)
        self._message = JointTrajectory(joint_names=list(contract.joint_names))
        space = node.get_namespace().rstrip("/")
        self._allowed = AllowList(self._results.resolved_topic, [f"{space}/{PUBLISHER}"])
        self._told_ns: int | None = None

    @property
    def is_heard(self) -> bool:
        """Whether the allowed node has said something since the last question; for the start gate."""
        return bool(self._admitted(0)[0])

    def take(self, path: CommandPath, now_ns: int) -> list[Fault]:
        """Hand the newest result to the path; return what is wrong with its publisher.

        Args:
            path: Where it goes.
            now_ns: The present, in path time.
        """
        results, faults = self._admitted(now_ns)
        for message in results:
            stamp_ns = self._clock.to_path(to_ns(message.header.stamp))
            clearance = Clearance(
                stamp_ns, message.distance, message.ahead, message.pair, message.slow, message.stop
            )
            path.clearance(now_ns, clearance)
        return faults

    def tell(self, path: CommandPath, now_ns: int) -> None:
        """Publish what is to be judged, when it is due.

        Args:
            path: Says it; must have been ticked at `now_ns`.
            now_ns: The present, in path time.
        """
        if self._told_ns is not None and 0 <= now_ns - self._told_ns < SHORTEST_NS:
            return
        self._told_ns = now_ns
        fill_positions(self._message, path.intent(now_ns), STEP_NS, max(self._clock.to_ros(now_ns), 0))
        self._intents.publish(self._message)

    def watch(self, now_ns: int) -> list[Fault]:
        """Compare the publishers of results with who is allowed; some 0.1 ms."""
        publishers = publishers_of(self._node, self._results.resolved_topic)
        return self._allowed.watch(now_ns, [Publisher(one.gid, one.node) for one in publishers])

    def _admitted(self, now_ns: int) -> tuple[list[ClearanceMessage], list[Fault]]:
        """Return the newest result of the allowed node, if there is one, and faults about others."""
        taken = self._results.newest()
        if taken is None:
            return [], []
        faults = [] if self._allowed.allows(taken.publisher) else self.watch(now_ns)
        if not self._allowed.allows(taken.publisher):
            stranger = self._allowed.dropped(now_ns, taken.publisher)
            return [], faults + ([] if stranger is None else [stranger])
        self._allowed.heard(now_ns, taken.publisher)
        return [taken.message], faults
