"""The parts of `make test`, one after the other, whatever the ones before found."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from checks.report import Counts, counts_of_junit, echo
from checks.static import run_static

_PART_LIMIT_S = 1500.0
_FOLDERS = ("src", "tools", "tests")
_DOMAINS = 100


@dataclass(frozen=True)
class Part:
    """One run of pytest.

    Attributes:
        name: Name for the user and for the result file.
        arguments: Arguments of pytest.
    """

    name: str
    arguments: tuple[str, ...]


PARTS = (
    # No unit test depends on another process or on time, so that they share the cores.
    Part("unit", ("-m", "not system and not soak", "-n", "2", "--dist", "worksteal")),
    Part(
        "system",
        (
            "-m",
            "system and not soak",
        ),
    ),
)


def run_suite(root: Path) -> int:
    """Run the checks and all tests; return 0 when nothing failed."""
    results = root / "build" / "test_results"
    results.mkdir(parents=True, exist_ok=True)
    outcomes = run_static(root)
    failed_checks = sum(bool(outcome.failure) for outcome in outcomes)
    counts = Counts(len(outcomes) - failed_checks, failed_checks)
    for part in PARTS:
        counts += _run(part, root, results / f"{part.name}.xml")
    echo("")
    echo(counts.closing_line())
    return 1 if counts.failed else 0


def _run(part: Part, root: Path, result: Path) -> Counts:
    result.unlink(missing_ok=True)
    folders = [folder for folder in _FOLDERS if (root / folder).is_dir()]
    command = [
        sys.executable,
        "-m",
        "pytest",
        *folders,
        *part.arguments,
        f"--junitxml={result}",
        "--durations=10",
    ]
    echo(f"\n{part.name} tests")
    started_s = time.monotonic()
    try:
        returncode = subprocess.run(
            command, cwd=root, env=_environment(), timeout=_PART_LIMIT_S, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        echo(f"the {part.name} tests were ended after {_PART_LIMIT_S:.0f} s")
        returncode = 1
    counts = counts_of_junit(result, returncode)
    echo(f"{part.name} tests: {counts.closing_line()} in {time.monotonic() - started_s:.0f} s")
    return counts


def _environment() -> dict[str, str]:
    """Return the environment of the tests: a ROS domain of their own, so that no robot nearby takes part."""
    domain = os.environ.get("ROS_DOMAIN_ID") or str(1 + os.getpid() % _DOMAINS)
    return {**os.environ, "ROS_DOMAIN_ID": domain, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
