"""Running a node whose main thread is a loop with a deadline, and which serves ROS in what time is left.

One process, one Python thread: no other thread can hold the interpreter while the loop is due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.executors import ExternalShutdownException

from .executor_choice import single_threaded_executor
from .managed_node import ManagedNode
from .process import refuse, run_process
from .stop_signals import StopSignals

IDLE_WAIT_S = 0.05


class PacedNode(ManagedNode[Any]):
    """A managed node with a loop of its own.

    A subclass implements `run_until`, which returns when the node is no longer active or `should_stop` is
    true, and calls `serve` from inside it wherever there is time.
    """

    _slack_executor: Any = None

    def run_until(self, should_stop: Callable[[], bool]) -> None:
        """Run the loop while the node is active."""
        raise NotImplementedError

    def serve(self, timeout_s: float = 0.0) -> None:
        """Run at most one callback that waits: a service, a timer, a lifecycle transition.

        Args:
            timeout_s: How long to wait for one [s].
        """
        if self._slack_executor is None:
            return
        try:
            self._slack_executor.spin_once(timeout_sec=timeout_s)
        except ExternalShutdownException:
            raise
        except Exception as error:  # noqa: BLE001 - latched with its traceback
            self.record_fault("executor", error)

    def attach(self, executor: Any) -> None:
        """Use `executor` for what `serve` runs."""
        self._slack_executor = executor
        executor.add_node(self)
        self.note_spin_thread()
        self.note_executor(f"{type(executor).__name__} in the slack of the loop", "")

    def detach(self) -> None:
        """Let go of the executor."""
        if self._slack_executor is not None:
            self._slack_executor.remove_node(self)
            self._slack_executor.shutdown()
            self._slack_executor = None


def run_paced_node(make_node: Callable[[], PacedNode], args: Sequence[str] | None = None) -> int:
    """Run a paced node as this process; signals and exit code as `dexora_ros.executor.run_node`."""
    return run_process(lambda signals: _run(make_node, signals), args)


def _run(make_node: Callable[[], PacedNode], signals: StopSignals) -> int:
    node = make_node()
    try:
        node.attach(single_threaded_executor(node.context))
        if node.autostart and not node.bring_up():
            return refuse(f"{node.get_name()}: {node.fault}")
        signals.defer(None)

        def is_over() -> bool:
            return signals.is_requested or not node.context.ok()

        while not is_over():
            if node.is_active:
                node.run_until(is_over)
            else:
                node.serve(IDLE_WAIT_S)
        return 0
    finally:
        signals.defer(None)
        node.shut_down()
        node.detach()
        node.destroy_node()
