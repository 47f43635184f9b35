"""The lease on the robot, as a source of chunks holds it: ask, know when it is lost, give back.

A lease does not run out: chunks and heartbeats keep it alive, and a stop takes it away. Who lost it may ask
again, which is refused as long as a fault forbids motion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dexora_core.clock import NS_PER_S

from dexora_msgs.msg import SafetyState
from dexora_msgs.srv import RequestControl

from .managed_node import ManagedNode
from .qos import LATCHED

ASK_NS = NS_PER_S // 2
"""Time between two requests."""
LOST_NS = 5 * NS_PER_S
"""An answer that has not come after this long will not come."""


class ControlLease:
    """Asks for control and follows who has it.

    Args:
        node: The node that wants to move the robot.
        source: Its class: policy, homing or teleop.
        on_lost: Called when somebody else, or nobody, owns the robot although nothing was given back.
    """

    def __init__(
        self, node: ManagedNode[Any], source: str, on_lost: Callable[[], None] = lambda: None
    ) -> None:
        self._node, self._source, self._on_lost = node, source, on_lost
        self._client = node.create_client(RequestControl, "dexora/command/request_control")
        self._asked_ns: int | None = None
        self._pending: Any = None
        self.epoch: int | None = None
        self._refusal = ""

    def follow(self) -> None:
        """Listen to who owns the robot; call it in `on_start`."""
        self._node.create_subscription(SafetyState, "dexora/command/safety_state", self._on_safety, LATCHED)

    def ask(self, now_ns: int) -> None:
        """Ask for control, if it is not held and the last request is some time ago.

        Args:
            now_ns: The present, on any clock that goes on.
        """
        if self.epoch is not None or not self._may_ask(now_ns):
            return
        self._send(now_ns, RequestControl.Request.ACQUIRE, self._on_grant)

    def give_back(self, now_ns: int) -> None:
        """Release the lease, if it is held; nothing may be commanded under its epoch any more.

        Args:
            now_ns: The present, on the clock of `ask`.
        """
        if self.epoch is not None:
            self.epoch = None
            self._send(now_ns, RequestControl.Request.RELEASE, lambda answer: None)

    @property
    def refusal(self) -> str:
        """Why the last request was refused; empty when it was granted."""
        return self._refusal

    @property
    def is_settled(self) -> bool:
        """Whether no answer is awaited."""
        return self._pending is None

    def _may_ask(self, now_ns: int) -> bool:
        if not self._client.service_is_ready():  # a request sent earlier would be lost
            return False
        waited_ns = ASK_NS if self._asked_ns is None else now_ns - self._asked_ns
        return waited_ns >= (ASK_NS if self._pending is None else LOST_NS)

    def _send(self, now_ns: int, operation: int, then: Callable[[Any], None]) -> None:
        request = RequestControl.Request(
            operation=operation, source=self._source, holder=self._node.get_name()
        )
        self._asked_ns = now_ns
        self._pending = future = self._client.call_async(request)

        def settle(done: Any) -> None:
            if self._pending is future:
                self._pending = None
                then(done.result())

        future.add_done_callback(self._node.guard(settle))

    def _on_grant(self, answer: Any) -> None:
        self.epoch = answer.epoch if answer.granted else None
        refusal = "" if answer.granted else answer.message
        if refusal != self._refusal:
            self._refusal = refusal
            self._node.get_logger().warning(refusal or "control was granted again")

    def _on_safety(self, state: SafetyState) -> None:
        """Notice a loss; states from before the grant have a lower epoch."""
        if self.epoch is None or state.epoch < self.epoch:
            return
        if state.epoch > self.epoch or state.owner != self._source:
            self.epoch = None
            self._on_lost()
