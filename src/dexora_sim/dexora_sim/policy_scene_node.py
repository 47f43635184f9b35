"""The way to the next episode after a policy, which may have brought the robot where it may not go on.

A policy that pushes into the table, or brings the arms too near to each other, ends in a stop that only an
operator ends, or in one whose cause stays as long as the robot stays where it is. In a simulation the world
is put back anyway, so the player does what an operator would: it puts the robot back and acknowledges. It
does so for what a motion does to the robot only: an emergency stop, a dead driver, a silent watchdog stay.
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

MOTION_FAULTS = ("DX-GAT-007", "DX-GAT-009", "DX-GAT-013")
"""Not at its command, too near to itself, outside of its limits: what a policy's own motion leads to."""
MOVED_FAULT = "DX-GAT-012"
"""What the command path says when a robot that it holds is suddenly elsewhere."""
_SEEN_NS = s_to_ns(0.2)
"""The command path has seen where the robot is, and what that means, after this long."""


class PolicySceneChange(EpisodeChange):
    """As `EpisodeChange`, with the faults of a policy's motion acknowledged before.

    Args:
        node: The node that plays the episodes.
        twin: Name of the twin's node.
        lease: The node's lease on the robot.
    """

    def __init__(self, node: ManagedNode[Any], twin: str, lease: ControlLease) -> None:
        super().__init__(node, twin, lease)
        self._resets = node.create_client(ResetFault, "dexora/command/reset_fault")
        self._faults: tuple[str, ...] = ()

    def see(self, state: SafetyState) -> None:
        """Take note of what stops the robot."""
        stopping = SafetyState.LEVEL_SOFT_STOP
        self._faults = tuple(fault.code for fault in state.faults if fault.level >= stopping)

    def _hand_over(self) -> Iterator[None]:
        yield from self._recover()
        yield from super()._hand_over()

    def _recover(self) -> Iterator[None]:
        """Acknowledge what the motion led to; where that is refused, put the robot elsewhere first."""
        moved: tuple[str, ...] = ()
        while codes := [code for code in self._faults if code in (*MOTION_FAULTS, *moved)]:
            request = ResetFault.Request(codes=codes, operator_name=self._node.get_name())
            answer = yield from self._ask(self._resets, request)
            if not answer.success:
                yield from self._ask(self._reset)
                moved = (MOVED_FAULT,)
            yield from self._pause(_SEEN_NS)
