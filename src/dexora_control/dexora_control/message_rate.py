"""A budget of messages per second for each publisher of a topic: what exceeds it is dropped and told."""

from __future__ import annotations

from dexora_core.clock import NS_PER_S
from dexora_core.faults import Fault, make_fault

MOST_PUBLISHERS = 32
"""Publishers that are counted at once; far more than a robot has."""


class RateBudget:
    """Counts messages in windows of a twentieth of a second.

    Args:
        topic: Name in the fault.
        bound_hz: Most messages per second.
        max_bytes: Largest message [byte].
    """

    def __init__(self, topic: str, bound_hz: float, max_bytes: int) -> None:
        self._topic = topic
        self._bound_hz, self._max_bytes = bound_hz, max_bytes
        self._window_ns = NS_PER_S // 20
        self._start_ns = 0
        self._count = 0
        self._fault: Fault | None = None

    def admits(self, now_ns: int, size: int = 0) -> bool:
        """Count one message; return whether it may be looked at.

        Args:
            now_ns: Time of arrival.
            size: Its size [byte].
        """
        self._turn(now_ns)
        self._count += 1
        rate_hz = self._count * NS_PER_S / self._window_ns
        if rate_hz <= self._bound_hz and size <= self._max_bytes:
            return True
        if size > self._max_bytes:
            self._fault = make_fault("DX-CMD-009", now_ns, self._topic, size=size, bound=self._max_bytes)
        else:
            values = {"rate_hz": round(rate_hz), "bound_hz": round(self._bound_hz)}
            self._fault = make_fault("DX-CMD-007", now_ns, self._topic, **values)
        return False

    def fault(self, now_ns: int) -> Fault | None:
        """Return the fault while the topic exceeds its budget."""
        self._turn(now_ns)
        return self._fault

    def _turn(self, now_ns: int) -> None:
        if now_ns - self._start_ns >= self._window_ns:
            self._start_ns, self._count, self._fault = now_ns, 0, None


class RateBudgets:
    """One budget per publisher of a topic: who floods it takes nothing from the others.

    Args:
        topic: Name in the fault.
        bound_hz: Most messages per second of one publisher.
        max_bytes: Largest message [byte].
    """

    def __init__(self, topic: str, bound_hz: float, max_bytes: int) -> None:
        self._arguments = (topic, bound_hz, max_bytes)
        self._budgets: dict[bytes, RateBudget] = {}

    def admits(self, now_ns: int, publisher: bytes, size: int = 0) -> bool:
        """Count one message; return whether it may be looked at.

        Args:
            now_ns: Time of arrival.
            publisher: Who sent it.
            size: Its size [byte].
        """
        if publisher not in self._budgets:
            if len(self._budgets) >= MOST_PUBLISHERS:
                self._budgets.clear()
            self._budgets[publisher] = RateBudget(*self._arguments)
        return self._budgets[publisher].admits(now_ns, size)

    def fault(self, now_ns: int) -> Fault | None:
        """Return a fault while a publisher exceeds its budget."""
        found = (budget.fault(now_ns) for budget in self._budgets.values())
        return next((fault for fault in found if fault is not None), None)
