"""`/diagnostics` and heartbeats: for people, dashboards and the watchdog, never inside a safety reaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from std_msgs.msg import Header

from .node_fault import NodeFault
from .qos import COMMAND, EVENTS

if TYPE_CHECKING:
    from .managed_node import ManagedNode

DIAGNOSTICS_TOPIC = "/diagnostics"


@dataclass(frozen=True)
class Check:
    """Result of one check.

    Attributes:
        level: `DiagnosticStatus.OK`, `WARN`, `ERROR` or `STALE`.
        message: One sentence.
        values: Further values by name.
    """

    level: bytes
    message: str
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def ok(cls, message: str, values: Mapping[str, str] | None = None) -> Check:
        """All is well."""
        return cls(DiagnosticStatus.OK, message, values or {})

    @classmethod
    def warn(cls, message: str, values: Mapping[str, str] | None = None) -> Check:
        """It works, but somebody should look."""
        return cls(DiagnosticStatus.WARN, message, values or {})

    @classmethod
    def error(cls, message: str, values: Mapping[str, str] | None = None) -> Check:
        """It does not work."""
        return cls(DiagnosticStatus.ERROR, message, values or {})

    @classmethod
    def stale(cls, message: str, values: Mapping[str, str] | None = None) -> Check:
        """Nothing is known any more."""
        return cls(DiagnosticStatus.STALE, message, values or {})


def node_check(state_label: str, fault: NodeFault | None, suppressed_faults: int) -> Check:
    """Describe a node by its lifecycle state, its latched fault and the number of faults after that one."""
    values = {"state": state_label, "suppressed faults": str(suppressed_faults)}
    return Check.error(str(fault), values) if fault else Check.ok(state_label, values)


class Diagnostics:
    """Publishes the checks of a node as `dexora/<subsystem>: <check>`, once per period of wall time.

    Args:
        node: The node that is described.
        subsystem: Middle part of the names.
        period_s: Publishing period [s].
    """

    def __init__(self, node: ManagedNode, subsystem: str, period_s: float) -> None:
        self._node = node
        self._subsystem = subsystem
        self._checks: dict[str, Callable[[], Check]] = {}
        self._publisher = node.create_publisher(DiagnosticArray, DIAGNOSTICS_TOPIC, EVENTS)
        self._clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(period_s, self.publish, clock=self._clock)

    def add(self, check: str, evaluate: Callable[[], Check]) -> None:
        """Add a check, or replace the one of the same name.

        Args:
            check: Last part of the name.
            evaluate: Called at every publication; it should take microseconds.
        """
        self._checks[check] = evaluate

    def remove(self, check: str) -> None:
        """Forget a check; an unknown name is no error."""
        self._checks.pop(check, None)

    def collect(self) -> list[DiagnosticStatus]:
        """Evaluate all checks now; one that raises is reported as an error of that check."""
        return [self._evaluate(check, evaluate) for check, evaluate in self._checks.items()]

    def publish(self) -> None:
        """Evaluate and publish now, for instance when a level has just changed."""
        message = DiagnosticArray(status=self.collect())
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)

    def _evaluate(self, check: str, evaluate: Callable[[], Check]) -> DiagnosticStatus:
        failed = Check.error("the check itself failed; the node's log has the traceback")
        result = self._node.guard(evaluate, fallback=lambda: failed)()
        return DiagnosticStatus(
            level=result.level,
            name=f"dexora/{self._subsystem}: {check}",
            message=result.message,
            hardware_id=self._node.get_fully_qualified_name(),
            values=[KeyValue(key=key, value=value) for key, value in result.values.items()],
        )


class Heartbeat:
    """A sign of life: a `std_msgs/Header` with the node's stamp and its lifecycle state in `frame_id`.

    The period is kept by the steady clock, so that a slowed simulation does not look like a dead node.

    Args:
        node: The node that lives.
        subsystem: Middle part of the topic `dexora/<subsystem>/heartbeat`, relative to the namespace.
        period_s: Period [s].
    """

    def __init__(self, node: ManagedNode, subsystem: str, period_s: float) -> None:
        self._node = node
        self._message = Header()
        self._publisher = node.create_publisher(Header, f"dexora/{subsystem}/heartbeat", COMMAND)
        self._clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(period_s, self.beat, clock=self._clock)

    def beat(self) -> None:
        """Publish one sign of life now."""
        self._message.stamp = self._node.get_clock().now().to_msg()
        self._message.frame_id = self._node.state_label
        self._publisher.publish(self._message)
