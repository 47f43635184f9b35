"""Output of the checks, and the one closing line."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


def echo(text: str) -> None:
    """Write one line to standard output at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Counts:
    """How many tests ended how.

    Attributes:
        passed: Passed.
        failed: Failed, in error, or never run because their runner broke.
        skipped: Skipped or expected to fail.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def closing_line(self) -> str:
        """Return the line that `make test` ends with."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def counts_of_junit(file: Path, returncode: int) -> Counts:
    """Read the counts of one pytest run from its JUnit file.

    Args:
        file: The JUnit file; a missing or broken one counts as one failure.
        returncode: Exit status of pytest. A bad one without a counted failure counts as one failure.
    """
    try:
        suites = list(ElementTree.parse(file).iter("testsuite"))  # noqa: S314 - written by pytest a moment ago
    except (OSError, ElementTree.ParseError):
        return Counts(failed=1)
    total = sum(int(suite.get("tests", 0)) for suite in suites)
    failed = sum(int(suite.get("failures", 0)) + int(suite.get("errors", 0)) for suite in suites)
    skipped = sum(int(suite.get("skipped", 0)) for suite in suites)
    passed = max(total - failed - skipped, 0)
    # pytest exits with 5 when there is nothing to run.
    if returncode not in (0, 5) and failed == 0:
        failed = 1
    return Counts(passed, failed, skipped)


def failures_of_junit(file: Path) -> frozenset[str]:
    """Return the names of the tests that failed or broke, as `class.test`; empty for an unreadable file."""
    try:
        cases = ElementTree.parse(file).iter("testcase")  # noqa: S314 - written by pytest a moment ago
    except (OSError, ElementTree.ParseError):
        return frozenset()
    return frozenset(
        f"{case.get('classname')}.{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    )
