"""A scripted expert that does the twin's task the way a policy does: chunks of joint targets to command_node.

It reads joint states and, as no robot could, the poses of the objects. It takes the lease on the robot as a
policy, and publishes what it has decided as an action chunk 20 times per second. The twin judges; after the
end of an episode the node asks it for the next one.

| topic or service | type | direction |
|---|---|---|
| `joint_states` | sensor_msgs/JointState | in |
| `<twin>/object_poses`, `<twin>/task_status` | TFMessage, DiagnosticStatus | in: what no robot knows |
| `dexora/command/request_control`, `dexora/command/safety_state` | RequestControl, SafetyState | the lease |
| `dexora/command/chunk` | dexora_msgs/ActionChunk | out |
| `<twin>/reset`, `dexora/command/let_go`, `dexora/command/rebase` | std_srvs/Trigger | the next episode |
"""

from __future__ import annotations

import signal
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from dexora_core.clock import ns_to_s, s_to_ns
from dexora_core.contract import load_contract
from dexora_ros.control_lease import ControlLease
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.parameters import param
from dexora_ros.qos import COMMAND, LATCHED, STATE
from dexora_ros.stamps import set_stamp, to_ns
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState
from tf2_msgs.msg import TFMessage

from dexora_description import contract_path
from dexora_msgs.msg import ActionChunk
from dexora_sim.episode_change_node import EpisodeChange
from dexora_sim.expert_player import PERIOD_NS, ExpertPlayer, Outlook
from dexora_sim.experts import EXPERTS
from dexora_sim.randomisation import LEVELS, Randomisation
from dexora_sim.task_watch import RUNNING, SUCCESS

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
        self._leaving_ns: int | None = None
        self._is_over = self._is_gone = False
        self._played = self._successes = 0
        self._chunk = ActionChunk(
            source=ActionChunk.SOURCE_POLICY,
            joint_names=list(self._contract.joint_names),
            step_dt=ns_to_s(PERIOD_NS),
            policy_id=f"expert of {parameters.task}",
        )
        self._chunks = self.create_publisher(ActionChunk, "dexora/command/chunk", COMMAND)
        self._lease = ControlLease(self, ActionChunk.SOURCE_POLICY, self._on_lost)
        self._change = EpisodeChange(self, parameters.twin, self._lease)
        self.diagnostics.add("episodes", self._check)

    def on_start(self) -> None:
        """Listen, and act from the next episode on."""
        twin = self.parameters.twin
        self._lease.follow()
        self.create_subscription(JointState, "joint_states", self._on_joints, STATE)
        self.create_subscription(TFMessage, f"{twin}/object_poses", self._on_poses, STATE)
        self.create_subscription(DiagnosticStatus, f"{twin}/task_status", self._on_status, LATCHED)

    def _on_joints(self, message: JointState) -> None:
        self._now_ns = to_ns(message.header.stamp)
        if self._ended_ns is not None and self._now_ns - self._ended_ns > PAUSE_NS:
            self._ended_ns = None
            self._next_episode()
        if self._leaving_ns is not None:
            self._leave(self._now_ns - self._leaving_ns)
        elif self._change.is_running:
            self._change.advance(self._now_ns)
        else:
            self._act(dict(zip(message.name, message.position, strict=False)))

    def _act(self, positions: dict[str, float]) -> None:
        """Send what is to be done, once the world is known and the robot may be moved."""
        if not self._player.is_ready(positions, self._now_ns):
            return
        if self._lease.epoch is None:
            self._lease.ask(self._now_ns)
            return
        outlook = self._player.act(positions, self._now_ns)
        if outlook is not None:
            self._publish(outlook, self._lease.epoch)

    def _publish(self, outlook: Outlook, epoch: int) -> None:
        chunk = self._chunk
        set_stamp(chunk.header.stamp, outlook.start_ns)
        chunk.sequence += 1
        chunk.epoch = epoch
        chunk.horizon = len(outlook.positions)
        chunk.positions = array("f", outlook.positions.astype(np.float32).tobytes())
        chunk.prefix_steps = outlook.known_steps
        set_stamp(chunk.joint_state_stamp, outlook.seen_ns)
        set_stamp(chunk.inference_start, outlook.seen_ns)
        set_stamp(chunk.inference_end, self.get_clock().now().nanoseconds)
        self._chunks.publish(chunk)

    def _on_lost(self) -> None:
        """Stand still until the robot may move again; the plan goes on then."""
        self._player.pause()
        self.get_logger().warning("control was lost; asking for it again until it is granted")

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
            self._episode, self._is_over = values["episode"], True
            self._change.begin()
        elif values["episode"] != self._episode:
            self._episode, self._is_over = values["episode"], False
            self._player.begin(int(values["seed"]))
            self._chunk.instruction = values["instruction"]
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
            self._leaving_ns = self._now_ns
            self._lease.give_back(self._now_ns)
            return
        self._change.begin()

    def _leave(self, waited_ns: int) -> None:
        """End the process once the robot is given back, in its own clean way down."""
        if not self._is_gone and (self._lease.is_settled or waited_ns > PAUSE_NS):
            self._is_gone = True
            signal.raise_signal(signal.SIGINT)

    def _check(self) -> Check:
        values = {"played": str(self._played), "successes": str(self._successes)}
        return Check.ok(f"{self._successes} of {self._played} episodes done", values)


def main() -> int:
    """Run the node; exit code as `run_node`."""
    return run_node(ExpertNode)
