"""Running a node as a process: spin with finite waits, stop on a signal, leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.executors import ExternalShutdownException
from rclpy.task import Future

from .executor_choice import ExecutorChoice, choose_executor
from .managed_node import ManagedNode
from .process import refuse, run_process
from .stop_signals import StopSignals

# A limit on every wait: work and `stop` end a wait at once, so its length costs nothing.
WAIT_S = 1.0


class Spinner:
    """Spins one node on one thread.

    Args:
        node: The node; its `executor` diagnostic tells which executor was chosen.
        choice: Executor to use; chosen by a probe when left out.
    """

    def __init__(self, node: ManagedNode[Any], choice: ExecutorChoice | None = None) -> None:
        self._node = node
        self._choice = choice or choose_executor(node.context)
        self._executor = self._choice.executor
        self._stopped = _future(self._executor)
        self._executor.add_node(node)
        node.note_executor(self._choice.label, self._choice.warning)

    def spin(self) -> None:
        """Return after `stop` or after the context was shut down; an escaped exception is latched."""
        self._node.note_spin_thread()
        while self._node.context.ok() and not self._stopped.done():
            try:
                self._executor.spin_until_future_complete(self._stopped, timeout_sec=WAIT_S)
            except ExternalShutdownException:  # noqa: PERF203 - the loop lasts as long as the process
                return
            except Exception as error:  # noqa: BLE001 - latched with its traceback
                self._node.record_fault("executor", error)

    def stop(self) -> None:
        """End `spin`; from any thread."""
        self._executor.create_task(self._finish)

    def close(self) -> None:
        """Let go of the node."""
        self._executor.remove_node(self._node)
        self._executor.shutdown()

    def _finish(self) -> None:
        if not self._stopped.done():
            self._stopped.set_result(None)


def spin(node: ManagedNode[Any]) -> None:
    """Spin `node` on a probed executor until its context is shut down."""
    spinner = Spinner(node)
    try:
        spinner.spin()
    finally:
        spinner.close()


def run_node(make_node: Callable[[], ManagedNode[Any]], args: Sequence[str] | None = None) -> int:
    """Run a node as this process: construct, start it if `autostart` is set, spin, shut down cleanly.

    SIGINT and SIGTERM lead through the node's teardown path while the middleware still works.

    Args:
        make_node: Makes the node; called after `rclpy.init`.
        args: ROS arguments; those of the command line when left out.

    Returns:
        The exit code: 0 after a signal or a shutdown, 1 when the node could not start (the reason is logged
        in one sentence).
    """
    return run_process(lambda signals: _run(make_node, signals), args)


def _run(make_node: Callable[[], ManagedNode[Any]], signals: StopSignals) -> int:
    node = make_node()
    try:
        if node.autostart and not node.bring_up():
            return refuse(f"{node.get_name()}: {node.fault}")
        spinner = Spinner(node)
        signals.defer(spinner.stop)
        try:
            spinner.spin()
            node.shut_down()
        finally:
            spinner.close()
        return 0
    finally:
        signals.defer(None)
        node.shut_down()
        node.destroy_node()


def _future(executor: Any) -> Any:
    # Before Kilted an executor makes no futures.
    return executor.create_future() if hasattr(executor, "create_future") else Future(executor=executor)
