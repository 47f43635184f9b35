"""The parts of `make test`, one after the other, whatever the ones before found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from checks.report import Counts, counts_of_junit, echo, failures_of_junit
from checks.stalls import StallWatch
from checks.static import run_static

# A slow machine took 1,500 s for three quarters of the longer part.
_PART_LIMIT_S = 2400.0
# What pytest may take to write down what it has found until then.
_REPORT_LIMIT_S = 60.0
_FOLDERS = ("src", "tools", "tests")
_DOMAINS = 100
# More than this is no accident of the machine.
_MOST_SECOND_LOOKS = 40


@dataclass(frozen=True)
class Part:
    """One run of pytest.

    Attributes:
        name: Name for the user and for the result file.
        arguments: Arguments of pytest.
        looks: How often a test may be run until it passes. Two are for tests of running processes: a shared
            machine that stands still for a second breaks any of them. What passed only then is told.
    """

    name: str
    arguments: tuple[str, ...]
    looks: int = 1


PARTS = (
    # No unit test depends on another process or on time, so that they share the cores.
    Part("unit", ("-m", "not system and not soak", "-n", "2", "--dist", "worksteal")),
    Part("system", ("-m", "system and not soak"), looks=2),
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
    echo(f"\n{part.name} tests")
    started_s = time.monotonic()
    with StallWatch() as stalls:
        counts, failed = _look(part.arguments, root, result)
        for _ in range(1, part.looks):
            if not 0 < len(failed) <= _MOST_SECOND_LOOKS or counts.failed != len(failed):
                break
            counts, failed = _look_again(part, root, result, counts, failed)
    echo(
        f"{part.name} tests: {counts.closing_line()} in {time.monotonic() - started_s:.0f} s; "
        f"the machine stood still for {stalls.longest_s:.1f} s at most"
    )
    return counts


def _look(arguments: Sequence[str], root: Path, result: Path) -> tuple[Counts, frozenset[str]]:
    """Run pytest once over everything that `arguments` select; return how many failed, and which.

    One that takes too long counts as a failure without a name, which no second look can forgive.
    """
    result.unlink(missing_ok=True)
    folders = [folder for folder in _FOLDERS if (root / folder).is_dir()]
    command = [sys.executable, "-m", "pytest", *folders, *arguments, f"--junitxml={result}", "--durations=10"]
    with subprocess.Popen(command, cwd=root, env=_environment()) as tests:
        try:
            returncode = _wait(tests)
        except subprocess.TimeoutExpired:
            echo(f"the tests are ended after {_PART_LIMIT_S:.0f} s")
            _interrupt(tests)
            return counts_of_junit(result, 0) + Counts(failed=1), frozenset()
        except BaseException:
            tests.kill()
            raise
    return counts_of_junit(result, returncode), failures_of_junit(result)


def _wait(tests: subprocess.Popen[bytes]) -> int:
    return tests.wait(_PART_LIMIT_S)


def _interrupt(tests: subprocess.Popen[bytes]) -> None:
    """End pytest as Ctrl-C does: it tells what has failed until then, and what took so long."""
    tests.send_signal(signal.SIGINT)
    try:
        tests.wait(_REPORT_LIMIT_S)
    except subprocess.TimeoutExpired:
        tests.kill()


def _look_again(
    part: Part, root: Path, result: Path, counts: Counts, failed: frozenset[str]
) -> tuple[Counts, frozenset[str]]:
    """Run the failed tests once more, in processes and domains of their own."""
    echo(f"\n{part.name} tests that failed, a second time ({len(failed)})")
    again, still_failed = _look(
        (*part.arguments, "--last-failed", "--last-failed-no-failures=none"), root, result
    )
    is_whole = again.failed == len(still_failed) and again.passed + again.failed >= len(failed)
    if not is_whole:  # nothing is forgiven
        return counts, failed
    for name in sorted(failed - still_failed):
        echo(f"unstable: {name} failed first and passed then")
    return Counts(counts.passed + again.passed, again.failed, counts.skipped), still_failed


def _environment() -> dict[str, str]:
    """Return the environment of the tests: a ROS domain of their own, so that no robot nearby takes part."""
    domain = os.environ.get("ROS_DOMAIN_ID") or str(1 + os.getpid() % _DOMAINS)
    return {**os.environ, "ROS_DOMAIN_ID": domain, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
