"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One offence against one rule.

    Attributes:
        file: Path relative to the root of the checkout.
        line: Line number, 1 for the whole file.
        text: The rule, the offender and what to do.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"
