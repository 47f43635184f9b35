"""The system packages: one list, installed when root or sudo allows, else named with the exact line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_workspace.commands import Commands, Outcome
from setup_workspace.errors import SetupError

# What the packages of section [build] provide, for systems without dpkg.
_NEEDED_COMMANDS = ("g++", "cmake")
_OFFLINE_MARKS = (
    "Could not resolve",
    "Temporary failure resolving",
    "Could not connect",
    "Failed to fetch",
    "Cannot initiate",
)


@dataclass(frozen=True)
class PackageList:
    """The parsed list.

    Attributes:
        sections: Package names by section, in the order of the file.
    """

    sections: Mapping[str, tuple[str, ...]]

    def of(self, *sections: str) -> tuple[str, ...]:
        """Return the packages of the named sections, in order."""
        return tuple(package for section in sections for package in self.sections.get(section, ()))


def read_list(path: Path, python: str) -> PackageList:
    """Read `path`: `[section]` lines, one package per line, `#` comments, `{python}` the interpreter's name.

    Raises:
        SetupError: when a line belongs to no section.
    """
    sections: dict[str, tuple[str, ...]] = {}
    current = ""
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if line.startswith("[") and line.endswith("]"):
            current = line[1:-1]
            sections.setdefault(current, ())
        elif line and not current:
            raise SetupError(
                f"{path.name} line {number}: '{line}' stands before the first [section]: move it into one."
            )
        elif line:
            sections[current] += (line.format(python=python),)
    return PackageList(sections)


def missing(packages: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return those of `packages` that dpkg does not list as installed."""
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages],
        capture_output=True, text=True, check=False, env=dict(environment),
    )  # fmt: skip
    installed = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return tuple(package for package in packages if package not in installed)


def has_dpkg(environment: Mapping[str, str]) -> bool:
    """Tell whether this system has Debian's package database."""
    return shutil.which("dpkg-query", path=environment.get("PATH")) is not None


def check_commands(environment: Mapping[str, str], names: Iterable[str] = _NEEDED_COMMANDS) -> None:
    """Refuse a system on which the compiler or CMake cannot be found.

    Raises:
        SetupError: names what is missing and the line that installs it on Debian and Ubuntu.
    """
    absent = [name for name in names if shutil.which(name, path=environment.get("PATH")) is None]
    if absent:
        raise SetupError(
            f"No {' and no '.join(absent)} found, needed to build the interfaces: install "
            f"{'it' if len(absent) == 1 else 'them'} (Debian, Ubuntu: sudo apt-get install -y "
            f"{' '.join(absent)}) and start again."
        )


def privilege(packages: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return what to put before a command to run it as root: nothing, or a sudo that asks nothing.

    Raises:
        SetupError: when neither is possible; names the line that installs `packages`.
    """
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo", path=environment.get("PATH")) is not None:
        allowed = subprocess.run(
            ["sudo", "-n", "true"], capture_output=True, check=False, env=dict(environment)
        )
        if allowed.returncode == 0:
            return ["sudo", "-n"]
    raise SetupError(
        "System packages are missing and this user may not install them: run "
        f"'{_line(packages)}' and start again."
    )


def install(
    packages: Sequence[str], prefix: Sequence[str], commands: Commands, environment: Mapping[str, str]
) -> None:
    """Install `packages` with apt-get behind `prefix`.

    Raises:
        SetupError: when apt-get fails.
    """
    unattended = {**environment, "DEBIAN_FRONTEND": "noninteractive"}
    apt = [*prefix, "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    updated = commands.run([*apt, "update"], unattended)
    outcome = commands.run([*apt, "install", "-y", "--no-install-recommends", *packages], unattended)
    if outcome.returncode != 0:
        raise SetupError(_reason(outcome, updated, packages))


def _line(packages: Sequence[str]) -> str:
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def _reason(outcome: Outcome, updated: Outcome, packages: Sequence[str]) -> str:
    said = outcome.tail + updated.tail
    if any(mark in text for text in said for mark in _OFFLINE_MARKS):
        return (
            f"The system packages {' '.join(packages)} could not be fetched, the package server "
            "cannot be reached: check the network and start again."
        )
    error = next((text for text in outcome.tail if text.startswith("E:")), "apt-get failed")
    return (
        f"The system packages could not be installed ({error}; all output in .setup/log): run "
        f"'{_line(packages)}' yourself and start again."
    )
