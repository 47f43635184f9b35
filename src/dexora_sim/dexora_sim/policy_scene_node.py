"""The way to the next episode after a policy, which may have brought the robot where it may not go on.

A policy that pushes into the table, or brings the arms too near to each other, ends in a stop that only an
operator ends, or in one whose cause stays as long as the robot stays where it is. In a simulation the world
is put back anyway, so the player does what an operator would: it acknowledges a hold (L3) whose cause has
gone, and where the cause is the pose it puts the robot back first. A latched hold (L4, L5), such as that of
an emergency stop, stays, and so does what still has its cause, such as a dead driver.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dexora_core.clock import s_to_ns
from dexora_ros.control_lease import ControlLease
from dexora_ros.managed_node import ManagedNode

from dexora_msgs.msg import SafetyState
from dexora_msgs.srv import ResetFault
from dexora_sim.episode_change_node import EpisodeChange

POSE_FAULTS = ("DX-GAT-007", "DX-GAT-009", "DX-GAT-013")
"""Not at its command, too near to itself, outside of its limits: their cause may be where the robot is."""
MOVED_FAULT = "DX-GAT-012"
"""What the command path says when a robot that it holds is suddenly elsewhere."""
_SEEN_NS = s_to_ns(0.2)
"""The command path has seen where the robot is, and what that means, after this long."""
_AGAIN_NS = s_to_ns(5.0)
"""What could not be acknowledged is tried again after this long."""


class PolicySceneChange(EpisodeChange):
    """As `EpisodeChange`, with what stops the robot acknowledged before, if its cause has gone.

    Args:
        node: The node that plays the episodes.
        twin: Name of the twin's node.
        lease: The node's lease on the robot.
    """

    def __init__(self, node: ManagedNode[Any], twin: str, lease: ControlLease) -> None:
        super().__init__(node, twin, lease)
        self._resets = node.create_client(ResetFault, "dexora/command/reset_fault")
        self._holds: tuple[str, ...] = ()
        self._stops: tuple[str, ...] = ()

    def see(self, state: SafetyState) -> None:
        """Take note of what stops the robot."""
        self._holds = _codes(state, SafetyState.LEVEL_HOLD, SafetyState.LEVEL_HOLD)
        self._stops = _codes(state, SafetyState.LEVEL_SOFT_STOP, SafetyState.LEVEL_POWER_REQUEST)

    def _hand_over(self) -> Iterator[None]:
        yield from self._recover()
        yield from super()._hand_over()

    def _recover(self) -> Iterator[None]:
        """Acknowledge until nothing is left; where the pose is the cause, put the robot elsewhere first."""
        own: tuple[str, ...] = POSE_FAULTS
        while codes := sorted({*self._holds, *(code for code in self._stops if code in own)}):
            request = ResetFault.Request(codes=codes, operator_name=self._node.get_name())
            answer = yield from self._ask(self._resets, request)
            left = set(answer.remaining).intersection(codes)
            if left.intersection(POSE_FAULTS) and MOVED_FAULT not in own:
                yield from self._ask(self._reset)
                own = (*POSE_FAULTS, MOVED_FAULT)
                left.clear()
            if left:
                self._node.get_logger().warning(f"the next episode has to wait: {answer.message}")
            yield from self._pause(_AGAIN_NS if left else _SEEN_NS)


def _codes(state: SafetyState, least: int, most: int) -> tuple[str, ...]:
    return tuple(fault.code for fault in state.faults if least <= fault.level <= most)
