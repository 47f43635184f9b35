"""What a check of a dataset has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """The dataset must not be trained on."""
    WARNING = "warning"
    """Somebody should look."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        severity: How bad it is.
        file: File concerned, relative to the dataset's root.
        row: Row of that file, frame or episode, as `what` says; None when it is about the whole file.
        what: What is wrong, with the value and the bound, and what to do next.
    """

    severity: Severity
    file: str
    row: int | None
    what: str

    def __str__(self) -> str:
        """Return it as one line."""
        place = self.file if self.row is None else f"{self.file}, row {self.row}"
        return f"{self.severity.value}: {place}: {self.what}"


def error(file: str, row: int | None, what: str) -> Finding:
    """Return a finding that forbids training."""
    return Finding(Severity.ERROR, file, row, what)


def warning(file: str, row: int | None, what: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(Severity.WARNING, file, row, what)
