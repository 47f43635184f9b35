"""A scripted expert that does the twin's task through the interfaces of a real robot.

It reads joint states and, as no robot could, the poses of the objects, and streams joint targets to the four
controllers at 20 Hz. The twin judges; after the end of an episode the node asks it for the next one.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from functools import partial
from typing import Any

from dexora_core.clock import s_to_ns
from dexora_core.contract import load_contract
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import COMMAND, LATCHED, STATE
from dexora_ros.stamps import to_ns
from dexora_ros.trajectory_messages import fill_single_point
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage
from trajectory_msgs.msg import JointTrajectory

from dexora_description import contract_path
from dexora_sim.expert_player import PERIOD_NS, ExpertPlayer
from dexora_sim.experts import EXPERTS
from dexora_sim.randomisation import LEVELS, Randomisation
from dexora_sim.task_watch import RUNNING, SUCCESS

# The newest targets are due this much after the next ones come, so that the stream never runs dry.
OVERLAP_NS = s_to_ns(0.015)
PAUSE_NS = s_to_ns(1.0)


@dataclass(frozen=True)
class ExpertParameters:
    """Parameters of `expert_node`."""

    robot: str = param("dexora36", description="Robot contract to load.")
    task: str = param("lift", description="Task to do; must be the twin's.", choices=tuple(EXPERTS))
    randomisation: str = param(
        "train", description="How far the world varies; must be the twin's.", choices=LEVELS
    )
    episodes: int = param(0, description="Episodes to play before the node ends; 0 plays on.", lower=0)
    twin: str = param("twin_node", description="Name of the twin's node, where ground truth is published.")


class ExpertNode(ManagedNode[ExpertParameters]):
    """Plays the expert of a task."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("expert_node", ExpertParameters, **node_options)

    def on_setup(self, parameters: ExpertParameters) -> None:
        """Build the expert and connect it."""
        self._contract = load_contract(contract_path(parameters.robot))
        levels = Randomisation.off()
        levels = levels.but(**dict.fromkeys(vars(levels), parameters.randomisation))
        self._player = ExpertPlayer(self._contract, parameters.task, levels)
        self._now_ns, self._episode = 0, ""
        self._ended_ns: int | None = None
        self._is_over = self._wants_episode = False
        self._played = self._successes = 0
        self._commands = [
            (
                self._contract.group_indices(group.name),
                JointTrajectory(joint_names=list(self._contract.group_joints(group.name))),
                self.create_publisher(JointTrajectory, f"{group.controller}/joint_trajectory", COMMAND),
            )
            for group in self._contract.groups
        ]
        self._reset = self.create_client(Trigger, f"{parameters.twin}/reset")
        self.diagnostics.add("episodes", self._check)

    def on_start(self) -> None:
        """Listen, and act from the next episode on."""
        twin = self.parameters.twin
        self.create_subscription(JointState, "joint_states", self._on_joints, STATE)
        self.create_subscription(TFMessage, f"{twin}/object_poses", self._on_poses, STATE)
        self.create_subscription(DiagnosticStatus, f"{twin}/task_status", self._on_status, LATCHED)

    def _on_joints(self, message: JointState) -> None:
        self._now_ns = to_ns(message.header.stamp)
        if self._wants_episode and self._reset.service_is_ready():  # a request sent earlier would be lost
            self._wants_episode = False
            self._ask_for_episode()
        if self._ended_ns is not None and self._now_ns - self._ended_ns > PAUSE_NS:
            self._ended_ns = None
            self._next_episode()
        positions = dict(zip(message.name, message.position, strict=False))
        targets = self._player.act(positions, self._now_ns)
        if targets is None:
            return
        for indices, command, publisher in self._commands:
            publisher.publish(
                fill_single_point(command, targets[indices], self._now_ns, PERIOD_NS + OVERLAP_NS)
            )

    def _on_poses(self, message: TFMessage) -> None:
        for entry in message.transforms:
            place, turn = entry.transform.translation, entry.transform.rotation
            self._player.see(
                entry.child_frame_id, (place.x, place.y, place.z), (turn.w, turn.x, turn.y, turn.z)
            )

    def _on_status(self, status: DiagnosticStatus) -> None:
        values = {entry.key: entry.value for entry in status.values}
        if status.name != self.parameters.task:
            self.get_logger().error(
                f"the twin shows task '{status.name}', this expert does '{self.parameters.task}'; start both "
                "with the same task",
                throttle_duration_sec=10.0,
            )
            return
        if not self._episode:
            # The twin may have been up for a while: the first episode begins with a reset too.
            self._episode, self._is_over, self._wants_episode = values["episode"], True, True
        elif values["episode"] != self._episode:
            self._episode, self._is_over = values["episode"], False
            self._player.begin(int(values["seed"]))
            self.get_logger().info(f"seed {values['seed']}: {values['instruction']}")
        elif status.message != RUNNING and not self._is_over:
            self._end(status.message == SUCCESS, values)

    def _end(self, is_success: bool, values: dict[str, str]) -> None:
        self._is_over, self._ended_ns = True, self._now_ns
        self._played += 1
        self._successes += is_success
        outcome = "success" if is_success else f"failed ({values['reason']})"
        self.get_logger().info(
            f"seed {values['seed']}: {outcome} after {values['time [s]']} s, stages: "
            f"{values['stages reached'] or 'none'}; {self._successes} of {self._played} so far"
        )

    def _next_episode(self) -> None:
        if self.parameters.episodes and self._played >= self.parameters.episodes:
            signal.raise_signal(signal.SIGINT)  # the process's own clean way down
            return
        self._wants_episode = True

    def _ask_for_episode(self) -> None:
        self._reset.call_async(Trigger.Request()).add_done_callback(
            self.guard(partial(self._note_reset, self._episode))
        )

    def _note_reset(self, episode: str, future: Any) -> None:
        self.get_logger().debug(f"after episode {episode}: {future.result().message}")

    def _check(self) -> Check:
        values = {"played": str(self._played), "successes": str(self._successes)}
        return Check.ok(f"{self._successes} of {self._played} episodes done", values)


def main() -> int:
    """Run the node; exit code as `run_node`."""
    return run_node(ExpertNode)
