"""The way from one episode to the next with the command path running, in the order that moves nothing.

Control is taken, so that a soft stop ends, and given back; the command path lets go; the twin puts robot and
objects elsewhere; the command path starts where the robot is then. Simulation only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dexora_core.clock import s_to_ns
from dexora_ros.control_lease import ControlLease
from dexora_ros.managed_node import ManagedNode
from std_srvs.srv import Trigger

# An answer that has not come after this long will not come.
_LOST_NS = s_to_ns(5.0)
# Joint states from after the reset have reached everybody after this long.
_SEEN_NS = s_to_ns(0.05)
_RETRY_NS = s_to_ns(1.0)


class EpisodeChange:
    """Asks the twin for an episode, one step further with every call of `advance`.

    Args:
        node: The node that plays the episodes.
        twin: Name of the twin's node.
        lease: The node's lease on the robot.
    """

    def __init__(self, node: ManagedNode[Any], twin: str, lease: ControlLease) -> None:
        self._node, self._lease = node, lease
        self._let_go = node.create_client(Trigger, "dexora/command/let_go")
        self._reset = node.create_client(Trigger, f"{twin}/reset")
        self._rebase = node.create_client(Trigger, "dexora/command/rebase")
        self._now_ns = 0
        self._steps: Iterator[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether an episode has been asked for and has not begun."""
        return self._steps is not None

    def begin(self) -> None:
        """Ask for an episode."""
        self._steps = self._walk()

    def advance(self, now_ns: int) -> None:
        """Do what can be done now; call it with every joint state.

        Args:
            now_ns: Simulated time.
        """
        self._now_ns = now_ns
        if self._steps is not None and next(self._steps, self) is self:
            self._steps = None

    def _walk(self) -> Iterator[None]:
        yield from self._hand_over()
        yield from self._ask(self._reset)
        yield from self._pause(_SEEN_NS)
        answer = yield from self._ask(self._rebase)
        if not answer.success:
            self._node.get_logger().warning(f"the command path does not follow the twin: {answer.message}")

    def _hand_over(self) -> Iterator[None]:
        """Wait until the command path has let go of the robot."""
        while True:
            while self._lease.epoch is None:
                self._lease.ask(self._now_ns)
                yield
            self._lease.give_back(self._now_ns)
            while not self._lease.is_settled:
                yield
            answer = yield from self._ask(self._let_go)
            if answer.success:
                return
            self._node.get_logger().warning(f"the next episode has to wait: {answer.message}")
            yield from self._pause(_RETRY_NS)

    def _pause(self, duration_ns: int) -> Iterator[None]:
        end_ns = self._now_ns + duration_ns
        while self._now_ns < end_ns:
            yield

    def _ask(self, client: Any, request: Any = None) -> Any:
        """Call a service, again when no answer comes; the generator's value is the answer."""
        while True:
            while not client.service_is_ready():  # a request sent earlier would be lost
                yield
            future, asked_ns = client.call_async(request or Trigger.Request()), self._now_ns
            while not future.done() and self._now_ns - asked_ns < _LOST_NS:
                yield
            if future.done():
                return future.result()
