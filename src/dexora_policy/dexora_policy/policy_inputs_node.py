"""Everything that the policy node reads, and its clock.

| topic | type | from |
|---|---|---|
| `dexora/perception/tokens` | dexora_msgs/VisualTokens | token_encoder_node |
| `joint_states` | sensor_msgs/JointState | drivers, or the twin |
| `dexora/command/safety_state` (latched) | dexora_msgs/SafetyState | command_node: is it there, why a stop |
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dexora_core.bundle import Manifest
from dexora_core.clock import NS_PER_MS, s_to_ns
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault, Level, make_fault
from dexora_core.path_clock import SimulatedPathClock, WallPathClock
from dexora_ros.buffers import token_view
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import LATCHED, SENSOR
from dexora_ros.stamps import to_ns
from sensor_msgs.msg import JointState

from dexora_msgs.msg import SafetyState, VisualTokens
from dexora_policy.joint_intake import JointIntake
from dexora_policy.policy_parameters import PolicyParameters
from dexora_policy.token_intake import RawTokens, TokenIntake


class PolicyInputs:
    """The subscriptions of the policy node; everything is in the time of `clock`.

    Args:
        node: The node.
        contract: The robot.
        manifest: Of the bundle.
        refuse: Called with why something that arrived is of no use.
        on_news: Called after something of use arrived.
    """

    def __init__(
        self,
        node: ManagedNode[PolicyParameters],
        contract: RobotContract,
        manifest: Manifest,
        refuse: Callable[[Fault], None],
        on_news: Callable[[], None],
    ) -> None:
        self._node, self._refuse, self._on_news = node, refuse, on_news
        parameters, ages = node.parameters, contract.ages
        self._command_bound_ns = s_to_ns(parameters.command_bound_s)
        token_s = parameters.token_bound_s or ages.camera.no_chunk_s or ages.camera.stop_s or 0.0
        self.tokens = TokenIntake(manifest, s_to_ns(token_s))
        joint_s = parameters.joint_bound_s or ages.joint_states.stop_s or 0.0
        self.joints = JointIntake(contract, s_to_ns(joint_s))
        is_simulated = node.get_parameter("use_sim_time").value
        self._clock: WallPathClock | SimulatedPathClock = (
            SimulatedPathClock() if is_simulated else WallPathClock()
        )
        self._safety: SafetyState | None = None
        self._safety_ns = 0

    def listen(self) -> None:
        """Subscribe; call it in `on_start`."""
        node = self._node
        self._safety_ns = time.monotonic_ns()
        node.create_subscription(VisualTokens, "dexora/perception/tokens", self._on_tokens, SENSOR)
        node.create_subscription(JointState, "joint_states", self._on_joints, SENSOR)
        node.create_subscription(SafetyState, "dexora/command/safety_state", self._on_safety, LATCHED)

    def now_ns(self) -> int:
        """Return the present: monotonic, or simulated time [ns]."""
        monotonic_ns = time.monotonic_ns()
        if isinstance(self._clock, SimulatedPathClock):
            self._clock.update(monotonic_ns, self._node.get_clock().now().nanoseconds or None)
        else:
            self._clock.update(monotonic_ns, time.time_ns())
        return self._clock.now_ns

    def stamp_ns(self, path_ns: int) -> int:
        """Return a time as message stamps have it [ns]; zero stays zero."""
        return max(self._clock.to_ros(path_ns), 0) if path_ns else 0

    def jumped(self) -> bool:
        """Return whether the clock of the stamps jumped since the last call; what was read is forgotten."""
        is_jump = any(fault.code == "DX-FRS-019" for fault in self._clock.faults(time.monotonic_ns()))
        if is_jump:
            self.tokens.forget()
            self.joints.forget()
        return is_jump

    def silence(self) -> Fault | None:
        """Return the fault when the command node has said nothing for too long (wall time)."""
        age_ns = time.monotonic_ns() - self._safety_ns
        if age_ns <= self._command_bound_ns:
            return None
        values = {"age_ms": age_ns // NS_PER_MS, "bound_ms": self._command_bound_ns // NS_PER_MS}
        return make_fault("DX-POL-019", 0, "", **values)

    def why_stopped(self) -> str:
        """Return what the command node says of the reason why control was lost."""
        if self._safety is None:
            return "the command node said nothing"
        if self._safety.level >= Level.SOFT_STOP and self._safety.faults:
            worst = self._safety.faults[0]
            return f"{worst.code}: {worst.sentence}"
        return f"{self._safety.owner} owns the robot now"

    def _on_tokens(self, message: VisualTokens) -> None:
        now_ns = self.now_ns()
        try:
            data = token_view(message)
        except ValueError as error:
            self._refuse(make_fault("DX-POL-008", now_ns, detail=str(error)))
            return
        raw = RawTokens(
            message.encoder_id,
            message.view_names,
            [self._path(stamp) for stamp in message.view_stamps],
            data,
            message.scale,
            self._path(message.encode_end),
        )
        self._tell(self.tokens.offer(now_ns, raw))

    def _on_joints(self, message: JointState) -> None:
        stamp_ns = self._path(message.header.stamp)
        self._tell(self.joints.offer(self.now_ns(), message.name, message.position, stamp_ns))

    def _on_safety(self, message: SafetyState) -> None:
        self._safety, self._safety_ns = message, time.monotonic_ns()

    def _path(self, stamp: Any) -> int:
        return self._clock.to_path(to_ns(stamp))

    def _tell(self, fault: Fault | None) -> None:
        if fault is None:
            self._on_news()
        else:
            self._refuse(fault)
