"""The static checks, each a name and a way to find offences; `make check` runs them all, always."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checks.layers import check_layers
from checks.manifests import check_manifests
from checks.report import echo
from checks.security import check_security
from checks.size import check_size


@dataclass(frozen=True)
class Outcome:
    """How one check ended.

    Attributes:
        name: Name of the check.
        failure: What it found, empty when it passed.
        duration_s: How long it took.
    """

    name: str
    failure: str
    duration_s: float


def _tool(*arguments: str) -> Callable[[Path], str]:
    """Return a check that runs a tool of the environment and hands on what it says when it fails."""

    def check(root: Path) -> str:
        ended = subprocess.run(
            arguments, cwd=root, env=_environment(root), capture_output=True, text=True, check=False
        )
        return (
            ""
            if ended.returncode == 0
            else (ended.stdout + ended.stderr).strip() or f"exit {ended.returncode}"
        )

    return check


def _own(find: Callable[[Path], list]) -> Callable[[Path], str]:
    """Return a check that lists the findings of `find`."""
    return lambda root: "\n".join(str(finding) for finding in find(root))


def _environment(root: Path) -> dict[str, str]:
    """Return the environment in which the packages of this checkout, built or not, can be imported."""
    packages = [str(path.parent) for path in sorted((root / "src").glob("*/setup.py"))]
    return {**os.environ, "PYTHONPATH": ":".join([*packages, os.environ.get("PYTHONPATH", "")])}


def _mypy(root: Path) -> str:
    packages = [str(path.parent.relative_to(root)) for path in sorted((root / "src").glob("*/*/py.typed"))]
    return _tool(sys.executable, "-m", "mypy", *packages, "tools/checks", "tools/setup_workspace")(root)


CHECKS: dict[str, Callable[[Path], str]] = {
    "format": _tool("ruff", "format", "--check", "."),
    "lint": _tool("ruff", "check", "--output-format", "concise", "."),
    "types": _mypy,
    "layers between packages": _tool("lint-imports", "--no-cache"),
    "layers inside packages": _own(check_layers),
    "sizes": _own(check_size),
    "security": _own(check_security),
    "manifests": _own(check_manifests),
}


def run_static(root: Path) -> list[Outcome]:
    """Run every check and say how each ended."""
    outcomes = []
    for name, check in CHECKS.items():
        started_s = time.monotonic()
        failure = check(root)
        outcome = Outcome(name, failure, time.monotonic() - started_s)
        echo(f"{'failed' if failure else 'passed'}  {name} ({outcome.duration_s:.1f} s)")
        if failure:
            echo(failure)
        outcomes.append(outcome)
    return outcomes
