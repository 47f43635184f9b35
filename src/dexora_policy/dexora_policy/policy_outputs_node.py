"""Everything that the policy node publishes; messages are made once and filled again and again.

| topic | type | how often |
|---|---|---|
| `dexora/command/chunk` | dexora_msgs/ActionChunk | every inference of use |
| `dexora/policy/status` | dexora_msgs/PolicyStatus | every inference, and once per second |
| `dexora/policy/instruction` (latched) | std_msgs/String | on change; empty while nothing runs |
| `dexora/policy/heartbeat` | std_msgs/Header | every 50 ms |
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping

import numpy as np
from dexora_core.chunk import ActionChunk as Chunk
from dexora_core.clock import ns_to_s
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import COMMAND, LATCHED, STATUS
from dexora_ros.stamps import set_stamp
from std_msgs.msg import String

from dexora_msgs.msg import ActionChunk, PolicyStatus
from dexora_policy.policy_loading import LoadedPolicy
from dexora_policy.policy_parameters import PolicyParameters

HEARTBEAT_S = 0.05


class PolicyOutputs:
    """The publishers of the policy node.

    Args:
        node: The node.
        policy: What it runs.
        stamp_ns: Takes times of the node to those of messages.
    """

    def __init__(
        self, node: ManagedNode[PolicyParameters], policy: LoadedPolicy, stamp_ns: Callable[[int], int]
    ) -> None:
        self._stamp_ns = stamp_ns
        manifest, policy_id = policy.manifest, policy.bundle.bundle_id
        self._chunk = ActionChunk(
            source=ActionChunk.SOURCE_POLICY, joint_names=list(manifest.joint_names), policy_id=policy_id
        )
        self._status = PolicyStatus(
            policy_id=policy_id,
            engine=policy.engine,
            precision=policy.precision,
            steps=manifest.steps,
        )
        self._chunks = node.create_publisher(ActionChunk, "dexora/command/chunk", COMMAND)
        self._statuses = node.create_publisher(PolicyStatus, "dexora/policy/status", STATUS)
        self._instructions = node.create_publisher(String, "dexora/policy/instruction", LATCHED)
        node.create_heartbeat(HEARTBEAT_S)

    def send(self, chunk: Chunk) -> None:
        """Publish a chunk."""
        message, stamps = self._chunk, chunk.stamps
        set_stamp(message.header.stamp, self._stamp_ns(chunk.start_ns))
        message.sequence, message.epoch = chunk.sequence, chunk.epoch
        message.horizon, message.step_dt = chunk.horizon, ns_to_s(chunk.step_ns)
        message.positions = array("f", chunk.positions.astype(np.float32).tobytes())
        message.prefix_steps, message.instruction = chunk.prefix_steps, chunk.instruction
        for link, time_ns in (
            (message.oldest_camera_stamp, stamps.oldest_camera_ns),
            (message.token_stamp, stamps.token_ns),
            (message.joint_state_stamp, stamps.joint_state_ns),
            (message.inference_start, stamps.inference_start_ns),
            (message.inference_end, stamps.inference_end_ns),
        ):
            set_stamp(link, self._stamp_ns(time_ns))
        self._chunks.publish(message)

    def tell_status(
        self,
        now_ns: int,
        instruction: str,
        rate_hz: float,
        durations_s: Mapping[str, float],
        discards: Mapping[str, int],
    ) -> None:
        """Publish how the policy is doing.

        Args:
            now_ns: End of the inference covered.
            instruction: In force; empty while nothing runs.
            rate_hz: Chunks per second.
            durations_s: Time of every stage of the inference [s].
            discards: Results and inputs that were not used, by fault code.
        """
        message = self._status
        set_stamp(message.header.stamp, self._stamp_ns(now_ns))
        message.instruction, message.rate = instruction, rate_hz
        message.stage_names = list(durations_s)
        message.stage_durations = array("f", durations_s.values())
        message.discard_reasons = list(discards)
        message.discard_counts = array("Q", discards.values())
        self._statuses.publish(message)

    def tell_instruction(self, text: str) -> None:
        """Publish the instruction in force."""
        self._instructions.publish(String(data=text))
