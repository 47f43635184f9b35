"""One run of the policy on an instruction: how long it may take, what it did, and why it ended."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

import numpy as np
from dexora_core.clock import NS_PER_MS, NS_PER_S, ns_to_s
from dexora_core.faults import Fault, make_fault

AGES = 200
"""Chunks whose ages are remembered."""


class Outcome(Enum):
    """How a run ended; the names are those of `dexora_msgs/action/RunPolicy`."""

    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    STOPPED_BY_FAULT = "stopped by a fault"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RunEnd:
    """The end of a run.

    Attributes:
        outcome: How it ended.
        reason: One sentence.
        code: Fault code; empty when no fault ended it.
    """

    outcome: Outcome
    reason: str
    code: str = ""

    @classmethod
    def by(cls, fault: Fault, outcome: Outcome = Outcome.STOPPED_BY_FAULT) -> RunEnd:
        """Return the end that a fault makes."""
        return cls(outcome, f"{fault.sentence} {fault.spec.remedy}", fault.code)


class PolicyRun:
    """A run from its goal to its end.

    Args:
        instruction: A checked instruction; it may change on the way.
        begin_ns: When it was asked for [ns].
        timeout_ns: How long it may last; 0 for ever [ns].
        patience_ns: How long nothing may be inferred before it ends; 0 for ever before the first chunk [ns].
    """

    def __init__(self, instruction: str, begin_ns: int, timeout_ns: int, patience_ns: int) -> None:
        self.instruction = instruction
        self.begin_ns = begin_ns
        self.chunks = 0
        self._timeout_ns, self._patience_ns = timeout_ns, patience_ns
        self._alive_ns = begin_ns
        self._missing = "nothing has arrived yet"
        self._ages_ns: deque[int] = deque(maxlen=AGES)
        self._times_ns: deque[int] = deque(maxlen=AGES)

    def elapsed_s(self, now_ns: int) -> float:
        """Return the time since it was asked for [s]."""
        return ns_to_s(now_ns - self.begin_ns)

    def published(self, now_ns: int, oldest_camera_ns: int) -> None:
        """Note a chunk and the capture of its oldest picture."""
        self.chunks += 1
        self._alive_ns = now_ns
        self._ages_ns.append(now_ns - oldest_camera_ns)
        self._times_ns.append(now_ns)

    def waiting(self, reason: str) -> None:
        """Note why nothing is inferred now."""
        self._missing = reason.rstrip(".")

    @property
    def waits_for(self) -> str:
        """Why nothing was inferred last."""
        return self._missing

    def end(self, now_ns: int) -> RunEnd | None:
        """Return the end that time makes; None while the run goes on."""
        if self._timeout_ns and now_ns - self.begin_ns >= self._timeout_ns:
            after_s = ns_to_s(self._timeout_ns)
            return RunEnd(Outcome.TIMED_OUT, f"The time of {after_s:g} s is over after {self.chunks} chunks.")
        silent_ns = now_ns - self._alive_ns
        if not self._patience_ns or silent_ns <= self._patience_ns:
            return None
        values = {"age_ms": silent_ns // NS_PER_MS, "bound_ms": self._patience_ns // NS_PER_MS}
        fault = make_fault("DX-POL-020", now_ns, "", **values, detail=self._missing)
        return RunEnd.by(fault, Outcome.STOPPED_BY_FAULT if self.chunks else Outcome.REFUSED)

    def age_s(self, percentile: float) -> float:
        """Return a percentile of the ages of the last chunks, capture to publication [s]; 0 without any."""
        return float(np.percentile(self._ages_ns, percentile)) / NS_PER_S if self._ages_ns else 0.0

    def rate_hz(self) -> float:
        """Return the rate of the last chunks [Hz]; 0 before the second."""
        span_ns = self._times_ns[-1] - self._times_ns[0] if self._times_ns else 0
        return (len(self._times_ns) - 1) * NS_PER_S / span_ns if span_ns else 0.0
