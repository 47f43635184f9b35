"""The base of every dexora node: a lifecycle node that loses no exception and has one way down.

A subclass implements `on_setup(parameters)`, `on_start()`, `on_stop()` and `on_teardown()`. The base owns the
transitions. Whatever leaves the configured state (cleanup, shutdown, an error) goes through one path: stop if
started, tear down, destroy the entities made on the way up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from dexora_core.errors import DexoraError
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from .base_parameters import BaseParameters
from .diagnostics import Check, Diagnostics, Heartbeat, node_check
from .guarded_node import GuardedNode
from .node_fault import NodeFault
from .parameters import declare_together, watch_parameters

P = TypeVar("P")


# A callback that fails at 100 Hz must not fill the disk.
REPEATED_FAULT_LOG_PERIOD_S = 5.0


class ManagedNode(GuardedNode, Generic[P]):
    """Lifecycle base.

    Args:
        name: Node name.
        parameters_type: Frozen dataclass with `param` fields.
        subsystem: Name in topics and diagnostics; the node name without `_node` when left out.
        node_options: Passed to `rclpy.lifecycle.LifecycleNode`.

    Raises:
        ConfigError: The parameters are refused; the node is destroyed before this leaves.
    """

    def __init__(
        self, name: str, parameters_type: type[P], *, subsystem: str | None = None, **node_options: Any
    ) -> None:
        super().__init__(name, **node_options)
        self.subsystem = subsystem or name.removesuffix("_node")
        self._fault: NodeFault | None = None
        self._fault_lock = threading.Lock()
        self._suppressed_faults = 0
        self._spin_thread: int | None = None
        self._in_transition = False
        self._is_set_up = False
        self._is_started = False
        self._setup_entities: list[Any] = []
        self._start_entities: list[Any] = []
        self._executor_check = Check.ok("not spinning")
        try:
            self._declare(parameters_type)
        except DexoraError:
            self.destroy_node()
            raise
        self.diagnostics = Diagnostics(self, self.subsystem, self._base_parameters.diagnostics_period_s)
        self.diagnostics.add(
            "node", lambda: node_check(self.state_label, self._fault, self._suppressed_faults)
        )
        self.diagnostics.add("executor", lambda: self._executor_check)

    def _declare(self, parameters_type: type[P]) -> None:
        self._base_parameters, self.parameters = declare_together(self, BaseParameters, parameters_type)
        watch_parameters(self, self.parameters, self._change_parameters)

    # What a subclass implements.

    def on_setup(self, parameters: P) -> None:
        """Build core objects, load files, create entities. Move nothing."""

    def on_start(self) -> None:
        """Begin to work: the node is active when this returns."""

    def on_stop(self) -> None:
        """Stop working; the node may be started again."""

    def on_teardown(self) -> None:
        """Give back what `on_setup` took. Called exactly once per setup, also when that setup failed."""

    def on_fault(self, fault: NodeFault) -> None:
        """React to the first fault, on the thread that met it, before the node deactivates."""

    def on_parameters(self, parameters: P) -> None:
        """React to a change of a parameter that is not read-only."""

    # State.

    @property
    def fault(self) -> NodeFault | None:
        """The first fault since the node was configured, or None."""
        return self._fault

    @property
    def is_active(self) -> bool:
        """True between a completed `on_start` and the next `on_stop`."""
        return self._is_started

    @property
    def autostart(self) -> bool:
        """True when the node configures and activates itself."""
        return self._base_parameters.autostart

    @property
    def state_label(self) -> str:
        """Label of the lifecycle state, such as `inactive`."""
        return str(self._state_machine.current_state[1])

    def bring_up(self) -> bool:
        """Configure and activate; False when either was refused (the reason is in `fault`)."""
        if self.trigger_configure() != TransitionCallbackReturn.SUCCESS:
            return False
        return self.trigger_activate() == TransitionCallbackReturn.SUCCESS

    def shut_down(self) -> None:
        """Go down from whatever state through the teardown path; does nothing a second time."""
        if self.state_label in {"unconfigured", "inactive", "active"}:
            self.trigger_shutdown()
        elif self._is_set_up:  # a transition was cut short by a signal
            self._go_down()

    def note_executor(self, label: str, warning: str) -> None:
        """Remember for the diagnostics which executor spins this node and why it is not the preferred one."""
        values = {"executor": label}
        self._executor_check = Check.warn(warning, values) if warning else Check.ok(label, values)
        if warning:
            self.get_logger().warning(warning)

    def note_spin_thread(self) -> None:
        """Declare the calling thread the one that spins this node; transitions happen there."""
        self._spin_thread = threading.get_ident()

    def create_heartbeat(self, period_s: float) -> Heartbeat:
        """Publish the node's state on `/dexora/<subsystem>/heartbeat` every `period_s` seconds."""
        return Heartbeat(self, self.subsystem, period_s)

    # Transitions.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `on_setup`; a fault of an earlier life is forgotten here."""
        with self._fault_lock:
            self._fault = None
            self._suppressed_faults = 0
        self._is_set_up = True
        return self._transition("on_setup", lambda: self.on_setup(self.parameters), self._setup_entities)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `on_start`; refused while a fault is latched."""
        if self._fault is not None:
            self.get_logger().error(
                f"refuses to activate: {self._fault}; remove the cause, then clean up and configure again"
            )
            return TransitionCallbackReturn.FAILURE
        result = super().on_activate(state)
        if result == TransitionCallbackReturn.SUCCESS:
            result = self._transition("on_start", self._start, self._start_entities)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `on_stop`."""
        result = self._transition("on_stop", self._stop)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take the teardown path."""
        return self._go_down()

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take the teardown path."""
        return self._go_down()

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take the teardown path; the node is unconfigured afterwards and keeps its fault."""
        return self._go_down()

    def _start(self) -> None:
        self._is_started = True
        self.on_start()

    def _stop(self) -> None:
        if self._is_started:
            self._is_started = False
            try:
                self.on_stop()
            finally:
                self._destroy_entities(self._start_entities)

    def _tear_down(self) -> None:
        if self._is_set_up:
            self._is_set_up = False
            try:
                self.on_teardown()
            finally:
                self._destroy_entities(self._setup_entities)

    def _go_down(self) -> TransitionCallbackReturn:
        stopped = self._transition("on_stop", self._stop)
        torn_down = self._transition("on_teardown", self._tear_down)
        return torn_down if stopped == TransitionCallbackReturn.SUCCESS else stopped

    def _transition(
        self, where: str, step: Callable[[], None], collected: list[Any] | None = None
    ) -> TransitionCallbackReturn:
        self._in_transition, self._collected = True, collected
        faults_before = self._fault
        try:
            step()
        except Exception as error:  # noqa: BLE001 - rclpy would swallow it; latched with its traceback
            self.record_fault(where, error)
            return TransitionCallbackReturn.ERROR
        finally:
            self._in_transition, self._collected = False, None
        is_clean = self._fault is faults_before
        return TransitionCallbackReturn.SUCCESS if is_clean else TransitionCallbackReturn.ERROR

    # Faults.

    def record_fault(self, where: str, error: BaseException) -> NodeFault:
        """Log `error` with its traceback, latch it if it is the first, and deactivate; from any thread.

        Args:
            where: Transition, callback or thread that failed.
            error: What it raised.
        """
        fault = NodeFault.from_exception(where, error, self.get_clock().now().nanoseconds)
        with self._fault_lock:
            is_first = self._fault is None
            if is_first:
                self._fault = fault
            else:
                self._suppressed_faults += 1
        self._log_fault(fault, is_first)
        if is_first:
            self._react(fault)
        self._deactivate_after_fault()
        return fault

    def _log_fault(self, fault: NodeFault, is_first: bool) -> None:
        text = f"{fault}\n{fault.traceback_text}"
        if is_first:
            self.get_logger().error(text)
        else:
            self.get_logger().error(text, throttle_duration_sec=REPEATED_FAULT_LOG_PERIOD_S)

    def _react(self, fault: NodeFault) -> None:
        try:
            self.on_fault(fault)
        except Exception as error:  # noqa: BLE001 - the first fault stays latched, this one is logged
            second = NodeFault.from_exception("on_fault", error, fault.stamp_ns)
            self.get_logger().error(f"{second}\n{second.traceback_text}")

    def _deactivate_after_fault(self) -> None:
        if self._in_transition or not self._is_started:
            return
        if self._spin_thread in {None, threading.get_ident()} or self.executor is None:
            self.trigger_deactivate()
        else:
            self.executor.create_task(self._deactivate_if_active)

    def _deactivate_if_active(self) -> None:
        if self._is_started:
            self.trigger_deactivate()

    def _change_parameters(self, parameters: P) -> None:
        self.parameters = parameters
        self.guard(self.on_parameters)(parameters)
