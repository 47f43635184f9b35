"""Everything that the command node publishes; messages are made once and filled again and again.

| topic | type | how often |
|---|---|---|
| `<controller>/joint_trajectory` | trajectory_msgs/JointTrajectory | every tick; ends at rest |
| `dexora/command/heartbeat` | std_msgs/Header | every 20 ms from inside the loop |
| `dexora/command/safety_state` (latched) | dexora_msgs/SafetyState | on change, and ten times per second |
| `dexora/command/status` | dexora_msgs/CommandStatus | ten times per second |
| `dexora/command/preview` | trajectory_msgs/JointTrajectory | ten times per second: where the motion leads |

In a dry run the trajectories go to `dexora/command/preview/<controller>/joint_trajectory` instead.
"""

from __future__ import annotations

from dexora_core.clock import NS_PER_MS
from dexora_core.command_path import CommandPath
from dexora_core.command_types import CommandOutput
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault, Level
from dexora_core.path_clock import SimulatedPathClock, WallPathClock
from dexora_ros.command_messages import TrajectoryFiller, fill_path_status, fill_positions, fill_safety
from dexora_ros.graph import publishers_of
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import COMMAND, LATCHED, STATUS
from dexora_ros.stamps import set_stamp
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory

from dexora_control.allow_list import AllowList, Publisher
from dexora_control.leg_ages import LegFigures
from dexora_control.tick_log import TickLog
from dexora_msgs.msg import AgeStatistics, CommandStatus, SafetyState

PREVIEW_STEP_NS = 50 * NS_PER_MS
PREVIEW_STEPS = 32


class CommandOutputs:
    """The publishers of the command node.

    Args:
        node: The node.
        contract: The robot.
        clock: The clock of the command path.
        dry_run: Whether the controllers are to be left alone.
    """

    def __init__(
        self,
        node: ManagedNode,
        contract: RobotContract,
        clock: WallPathClock | SimulatedPathClock,
        dry_run: bool,
    ) -> None:
        self._node, self._clock, self._dry_run = node, clock, dry_run
        prefix = "dexora/command/preview/" if dry_run else ""
        self._commands = {
            group.name: (
                node.create_publisher(
                    JointTrajectory, f"{prefix}{group.controller}/joint_trajectory", COMMAND
                ),
                TrajectoryFiller(contract.group_joints(group.name)),
            )
            for group in contract.groups
        }
        self._topics = {group: publisher.topic_name for group, (publisher, _) in self._commands.items()}
        own = node.get_fully_qualified_name()
        self._exits = {group: AllowList(topic, [own]) for group, topic in self._topics.items()}
        self._indices = [contract.group_indices(group.name) for group in contract.groups]
        self._beat = Header()
        self._safety = SafetyState(dry_run=dry_run)
        self._status = CommandStatus(group_names=list(contract.group_names))
        self._preview = JointTrajectory(joint_names=list(contract.joint_names))
        self._beats = node.create_publisher(Header, "dexora/command/heartbeat", COMMAND)
        self._safeties = node.create_publisher(SafetyState, "dexora/command/safety_state", LATCHED)
        self._statuses = node.create_publisher(CommandStatus, "dexora/command/status", STATUS)
        self._previews = node.create_publisher(JointTrajectory, "dexora/command/preview", STATUS)
        self._told: tuple[object, ...] = ()

    @property
    def listening(self) -> list[str]:
        """Groups whose controller listens; all of them in a dry run."""
        if self._dry_run:
            return list(self._commands)
        return [
            group for group, (publisher, _) in self._commands.items() if publisher.get_subscription_count()
        ]

    @property
    def topics(self) -> dict[str, str]:
        """Full names of the command topics by group."""
        return self._topics

    def send(self, output: CommandOutput) -> None:
        """Send the trajectories of a tick."""
        stamp_ns = self._clock.to_ros(output.now_ns)
        for group, points in output.trajectories.items():
            publisher, filler = self._commands[group]
            publisher.publish(filler.fill(points, stamp_ns))

    def beat(self, state: str) -> None:
        """Publish a sign of life."""
        set_stamp(self._beat.stamp, max(self._clock.to_ros(self._clock.now_ns), 0))
        self._beat.frame_id = state
        self._beats.publish(self._beat)

    def tell_safety(self, output: CommandOutput, is_due: bool = False) -> None:
        """Publish what is allowed and why, if it changed or is due."""
        status = output.safety
        now = (status.level, status.latched, output.owner, output.epoch, *(f.key for f in status.faults))
        if now == self._told and not is_due:
            return
        self._told = now
        message = self._safety
        set_stamp(message.header.stamp, max(self._clock.to_ros(output.now_ns), 0))
        fill_safety(message, status, self._clock.to_ros)
        message.owner, message.epoch, message.is_moving = output.owner, output.epoch, output.is_moving
        self._safeties.publish(message)

    def tell_end(self, reason: str, level: Level) -> None:
        """Publish that nothing is commanded any more.

        Args:
            reason: One sentence.
            level: Level to show.
        """
        message = self._safety
        message.level, message.summary, message.faults = int(level), reason, []
        message.owner, message.is_moving, message.speed_scale = "hold", False, 0.0
        self._safeties.publish(message)
        self._told = ()

    def tell_status(self, path: CommandPath, log: TickLog, scheduling: str, legs: list[LegFigures]) -> None:
        """Publish how the path is doing."""
        message, now_ns = self._status, self._clock.now_ns
        set_stamp(message.header.stamp, max(self._clock.to_ros(now_ns), 0))
        fill_path_status(message, path.status(now_ns), self._indices)
        figures = log.figures()
        message.tick_lateness_p50, message.tick_lateness_p99 = figures.lateness_p50, figures.lateness_p99
        message.tick_lateness_max, message.tick_duration_p99 = figures.lateness_max, figures.duration_p99
        message.skipped_ticks, message.scheduling = log.skipped, scheduling
        message.ages = [
            AgeStatistics(leg=a.leg, count=a.count, p50=a.p50, p95=a.p95, p99=a.p99, max=a.largest)
            for a in legs
        ]
        self._statuses.publish(message)

    def tell_preview(self, path: CommandPath) -> None:
        """Publish where the motion leads, if somebody listens."""
        if not self._previews.get_subscription_count():
            return
        start_ns = self._clock.now_ns + round(path.config.gate.lookahead_s * 1e9)
        steps = path.timeline.committed(start_ns, PREVIEW_STEP_NS, PREVIEW_STEPS)
        if not len(steps):
            steps = path.gate.plan.state_at(start_ns)[:1]
        fill_positions(self._preview, steps, PREVIEW_STEP_NS, max(self._clock.to_ros(start_ns), 0))
        self._previews.publish(self._preview)

    def watch(self, now_ns: int, group: str) -> list[Fault]:
        """Look who else commands one group's controller; some 0.1 ms."""
        publishers = publishers_of(self._node, self._topics[group])
        return self._exits[group].watch(now_ns, [Publisher(one.gid, one.node) for one in publishers])
