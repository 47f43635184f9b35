"""What a person on the screen is told about the stop ladder: each change once, and nothing that flickers."""

from __future__ import annotations

from dexora_core.clock import NS_PER_S
from dexora_core.failsafe import SafetyStatus
from dexora_core.faults import Level

DEGRADE_NS = 10 * NS_PER_S
"""Degraded states come and go on a loaded machine; one in this time is told."""


class SafetyLog:
    """Decides which states are worth a line."""

    def __init__(self) -> None:
        self._told: frozenset[str] | None = None
        self._degraded_ns = -DEGRADE_NS

    def line(self, now_ns: int, status: SafetyStatus) -> str:
        """Return what is to be told now; empty when there is nothing new.

        A stop is told when its faults change, a degraded state now and then, and that all is well once
        nothing stops or degrades any more. Notes (L0) are not told.

        Args:
            now_ns: The present, on any clock that goes on.
            status: What is allowed now.
        """
        if status.level <= Level.NOTE:
            return self._tell(frozenset(), "All is well.")
        text = f"{status.faults[0].code} {status.summary}"
        if status.level >= Level.SOFT_STOP:
            codes = {fault.code for fault in status.faults if fault.level >= Level.SOFT_STOP}
            return self._tell(frozenset(codes), text)
        if now_ns - self._degraded_ns < DEGRADE_NS:
            return ""
        self._degraded_ns = now_ns
        return self._tell(frozenset({"degraded"}), text)

    def _tell(self, codes: frozenset[str], text: str) -> str:
        if codes == self._told:
            return ""
        self._told = codes
        return text
