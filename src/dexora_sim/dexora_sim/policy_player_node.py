"""Plays episodes of the twin's task with a policy: resets the scene, says the instruction, judges, goes on.

The policy moves the robot through the command path as everywhere else; this node moves nothing. It takes
control only for the moment between two episodes in which the twin puts the robot elsewhere.

| name | type | for |
|---|---|---|
| `dexora/policy/run` | action dexora_msgs/RunPolicy | telling the policy what to do |
| `<twin>/task_status` | diagnostic_msgs/DiagnosticStatus | the instruction, and the verdict |
| `<twin>/reset`, `dexora/command/let_go`, `dexora/command/rebase` | std_srvs/Trigger | the next scene |
| `joint_states` | sensor_msgs/JointState | simulated time |
| `dexora/command/safety_state` | dexora_msgs/SafetyState | whether the robot holds |
"""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dexora_core.errors import ConfigError
from dexora_ros.control_lease import ControlLease
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import LATCHED, STATE
from dexora_ros.stamps import to_ns
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState

from dexora_msgs.msg import ActionChunk, SafetyState
from dexora_sim.policy_client_node import PolicyClient
from dexora_sim.policy_episodes import EpisodeSettings, PolicyEpisodes, Standing
from dexora_sim.policy_scene_node import PolicySceneChange

HOLD = "hold"


@dataclass(frozen=True)
class PolicyPlayerParameters:
    """Parameters of `policy_player_node`."""

    robot: str = param("dexora36", description="Robot contract; the same as the twin's.")
    instruction: str = param(
        "", description="What the policy is told in every episode; empty: the twin's words."
    )
    time_limit: float = param(
        0.0,
        description="Time after which an episode has failed; 0 takes the task's, which is the longest.",
        unit="s of simulated time",
        lower=0.0,
        upper=3600.0,
    )
    episodes: int = param(0, description="Episodes to play before the node ends; 0 plays on.", lower=0)
    results: str = param("", description="File in which every result is written as JSON; empty for none.")
    twin: str = param("twin_node", description="Name of the twin's node, which judges.")


class PolicyPlayerNode(ManagedNode[PolicyPlayerParameters]):
    """Has a policy play the task of the twin."""

    exit_code = 0
    """1 when all episodes were played and not every one succeeded."""
    _is_gone = False

    def __init__(self, **node_options: Any) -> None:
        super().__init__("policy_player_node", PolicyPlayerParameters, **node_options)

    def on_setup(self, parameters: PolicyPlayerParameters) -> None:
        """Connect; ask for nothing yet."""
        settings = EpisodeSettings(parameters.instruction, parameters.time_limit, parameters.episodes)
        self._client = PolicyClient(self)
        self._scenes = PolicySceneChange(self, parameters.twin, ControlLease(self, ActionChunk.SOURCE_POLICY))
        tell = self.get_logger().info
        self._episodes = PolicyEpisodes(self._client, self._scenes, settings, tell, self._write)
        self._results = Path(parameters.results).expanduser() if parameters.results else None
        self._write()
        self.diagnostics.add("episodes", self._check)

    def on_start(self) -> None:
        """Listen; the first episode begins when everything is there."""
        twin = self.parameters.twin
        self._client.listen()
        self.create_subscription(DiagnosticStatus, f"{twin}/task_status", self._on_status, LATCHED)
        self.create_subscription(SafetyState, "dexora/command/safety_state", self._on_safety, LATCHED)
        self.create_subscription(JointState, "joint_states", self._on_joints, STATE)

    def on_stop(self) -> None:
        """End the run; the robot holds."""
        self._client.cancel()

    def _on_joints(self, message: JointState) -> None:
        self._episodes.advance(to_ns(message.header.stamp))
        if self._episodes.is_done and not self._is_gone:
            self._is_gone = True
            self.exit_code = int(self._episodes.tally.successes < self._episodes.tally.played)
            signal.raise_signal(signal.SIGINT)  # the process's own clean way down

    def _on_status(self, status: DiagnosticStatus) -> None:
        values = {entry.key: entry.value for entry in status.values}
        self._episodes.see(Standing.of(status.name, status.message, values))

    def _on_safety(self, message: SafetyState) -> None:
        self._scenes.see(message)
        self._episodes.is_held = message.owner == HOLD and not message.is_moving

    def _write(self) -> None:
        if self._results is None:
            return
        try:
            self._episodes.tally.write(self._results)
        except OSError as error:
            raise ConfigError(f"results cannot be written to {self._results}: {error.strerror}") from error

    def _check(self) -> Check:
        tally, waits_for = self._episodes.tally, self._episodes.waits_for
        values = {"played": str(tally.played), "successes": str(tally.successes)}
        if waits_for:
            return Check.warn(f"waits for {waits_for}", values)
        return Check.ok(f"{tally.describe()} episodes done", values)


def main() -> int:
    """Run the node; exit code as `run_node`, and 1 when all episodes were played and one failed."""
    nodes: list[PolicyPlayerNode] = []

    def make() -> PolicyPlayerNode:
        nodes.append(PolicyPlayerNode())
        return nodes[0]

    return run_node(make) or max((node.exit_code for node in nodes), default=0)


if __name__ == "__main__":
    sys.exit(main())
