"""A guarded node that keeps its first fault and deactivates because of it."""

from __future__ import annotations

import threading
from typing import Any

from dexora_core.errors import DexoraError

from .guarded_node import GuardedNode
from .node_fault import NodeFault

# A callback that fails at 100 Hz must not fill the disk.
REPEATED_FAULT_LOG_PERIOD_S = 5.0


class FaultLatchingNode(GuardedNode):
    """Logs every fault with its traceback, latches the first and deactivates."""

    def __init__(self, name: str, **node_options: Any) -> None:
        self._fault: NodeFault | None = None
        self._fault_lock = threading.Lock()
        self._suppressed_faults = 0
        self._spin_thread: int | None = None
        self._in_transition = False
        self._is_started = False
        super().__init__(name, **node_options)

    @property
    def fault(self) -> NodeFault | None:
        """The first fault since the node was configured, or None."""
        return self._fault

    @property
    def suppressed_faults(self) -> int:
        """Faults after the first one since the node was configured."""
        return self._suppressed_faults

    @property
    def is_active(self) -> bool:
        """True from the beginning of `on_start` to the beginning of `on_stop`."""
        return self._is_started

    def on_fault(self, fault: NodeFault) -> None:
        """React to the first fault, on the thread that met it, before the node deactivates."""

    def note_spin_thread(self) -> None:
        """Declare the calling thread the one that spins this node; transitions happen there."""
        self._spin_thread = threading.get_ident()

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
        if self._in_transition and isinstance(error, DexoraError):
            # A refusal, not a bug: the sentence says all that the operator needs.
            self.get_logger().error(str(fault))
            self.get_logger().debug(fault.traceback_text)
        elif is_first:
            self.get_logger().error(f"{fault}\n{fault.traceback_text}")
        else:
            text = f"{fault}\n{fault.traceback_text}"
            self.get_logger().error(text, throttle_duration_sec=REPEATED_FAULT_LOG_PERIOD_S)
        if is_first:
            self._react(fault)
        self._deactivate_after_fault()
        return fault

    def _forget_faults(self) -> None:
        with self._fault_lock:
            self._fault = None
            self._suppressed_faults = 0

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
