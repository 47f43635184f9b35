"""A budget of messages per second for one topic: what exceeds it is dropped and told."""

from __future__ import annotations

from dexora_core.clock import NS_PER_S
from dexora_core.faults import Fault, make_fault


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
