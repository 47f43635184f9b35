"""The base of every dexora node: a lifecycle node that loses no exception and has one way down.

A subclass implements `on_setup(parameters)`, `on_start()`, `on_stop()` and `on_teardown()`. The base owns the
transitions. Whatever leaves the configured state (cleanup, shutdown, an error) goes through one path: stop if
started, tear down, destroy the entities made on the way up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from dexora_core.errors import DexoraError
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from .base_parameters import BaseParameters
from .diagnostics import Check, Diagnostics, Heartbeat, node_check
from .fault_latching_node import FaultLatchingNode
from .parameters import declare_together, watch_parameters

P = TypeVar("P")


class ManagedNode(FaultLatchingNode, Generic[P]):
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
        self._is_set_up = False
        self._setup_entities: list[Any] = []
        self._start_entities: list[Any] = []
        self._executor_check = Check.ok("not spinning")
        try:
            self._declare(parameters_type)
        except DexoraError:
            self.destroy_node()
            raise
        self.diagnostics = Diagnostics(self, self.subsystem, self._base_parameters.diagnostics_period_s)
        self.diagnostics.add("node", lambda: node_check(self.state_label, self.fault, self.suppressed_faults))
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

    def on_parameters(self, parameters: P) -> None:
        """React to a change of a parameter that is not read-only."""

    # State.

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

    def create_heartbeat(self, period_s: float) -> Heartbeat:
        """Publish the state on `dexora/<subsystem>/heartbeat` every `period_s` seconds."""
        return Heartbeat(self, self.subsystem, period_s)

    # Transitions.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `on_setup`; a fault of an earlier life is forgotten here."""
        self._forget_faults()
        self._is_set_up = True
        return self._transition("on_setup", lambda: self.on_setup(self.parameters), self._setup_entities)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `on_start`; refused while a fault is latched."""
        if self.fault is not None:
            self.get_logger().error(
                f"refuses to activate: {self.fault}; remove the cause, then clean up and configure again"
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
        faults_before = self.fault
        try:
            step()
        except Exception as error:  # noqa: BLE001 - rclpy would swallow it; latched with its traceback
            self.record_fault(where, error)
            return TransitionCallbackReturn.ERROR
        finally:
            self._in_transition, self._collected = False, None
        is_clean = self.fault is faults_before
        return TransitionCallbackReturn.SUCCESS if is_clean else TransitionCallbackReturn.ERROR

    def _change_parameters(self, parameters: P) -> None:
        self.parameters = parameters
        self.guard(self.on_parameters)(parameters)
