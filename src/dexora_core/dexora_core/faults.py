"""Stable fault codes: what each means, how hard the robot reacts, and what the operator does next.

The rows live in `fault_table.py`. A code never changes its meaning; a retired one is not reused.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from .errors import FaultTableError
from .fault_table import ROWS


class Level(IntEnum):
    """The stop ladder; the values are those of `dexora_msgs/SafetyState`."""

    OK = 0
    NOTE = 1
    DEGRADE = 2
    SOFT_STOP = 3
    HOLD = 4
    LATCHED_HOLD = 5
    POWER_REQUEST = 6

    @property
    def label(self) -> str:
        """Name on the ladder of the documentation: `OK`, `L0` ... `L5`."""
        return "OK" if self is Level.OK else f"L{self.value - 1}"


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One row of the table.

    Attributes:
        code: Stable code `DX-<AREA>-<nnn>`.
        level: Reaction on the stop ladder.
        latched: True: only `ResetFault` ends it, even when the condition is gone.
        sentence: Template of the operator's sentence; `{subject}` and named values are filled in.
        remedy: What to do next.
    """

    code: str
    level: Level
    latched: bool
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One occurrence of a fault.

    Attributes:
        spec: Its row in the table.
        since_ns: First seen [ns].
        subject: Joint, view, topic or node concerned; may be empty.
        sentence: The filled-in sentence.
    """

    spec: FaultSpec
    since_ns: int
    subject: str
    sentence: str

    @property
    def code(self) -> str:
        """Stable code."""
        return self.spec.code

    @property
    def key(self) -> tuple[str, str]:
        """Identity of the fault while it is active: code and subject."""
        return (self.spec.code, self.subject)

    @property
    def level(self) -> Level:
        """Reaction on the stop ladder."""
        return self.spec.level


def _specs() -> dict[str, FaultSpec]:
    specs: dict[str, FaultSpec] = {}
    for code, level, latched, sentence, remedy in ROWS:
        if code in specs:
            raise FaultTableError(
                f"the code {code} is listed twice; give the second row the next free number"
            )
        specs[code] = FaultSpec(code, Level(level + 1), latched, sentence, remedy)
    return specs


SPECS: dict[str, FaultSpec] = _specs()
"""All faults by code."""


def fault_spec(code: str) -> FaultSpec:
    """Return the row of `code`.

    Raises:
        FaultTableError: The table has no such code.
    """
    if code not in SPECS:
        raise FaultTableError(f"unknown fault code {code!r}; codes are listed in docs/faults.md")
    return SPECS[code]


def make_fault(code: str, now_ns: int, subject: str = "", **values: Any) -> Fault:
    """Build an occurrence with its sentence; a value the caller lacks reads `unknown`.

    Args:
        code: Stable code.
        now_ns: When it was seen.
        subject: Joint, view, topic or node concerned.
        values: Named values of the sentence.

    Raises:
        FaultTableError: The table has no such code.
    """
    spec = fault_spec(code)
    fields: dict[str, Any] = defaultdict(lambda: "unknown", values)
    fields["subject"] = subject
    return Fault(spec, now_ns, subject, spec.sentence.format_map(fields))


def fault_table_markdown() -> str:
    """Return the whole table as Markdown, one row per code, for the documentation."""
    lines = ["| code | level | latched | what happened | what to do |", "|---|---|---|---|---|"]
    for spec in SPECS.values():
        latched = "yes" if spec.latched else "no"
        lines.append(f"| {spec.code} | {spec.level.label} | {latched} | {spec.sentence} | {spec.remedy} |")
    return "\n".join(lines) + "\n"
