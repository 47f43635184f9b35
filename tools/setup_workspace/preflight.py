"""Finds what would make a set-up fail half-way, before it starts, and says what to do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_workspace.errors import SetupError
from setup_workspace.paths import Workspace

OLDEST_GLIBC = (2, 28)
NEEDED_DISK_BYTES = 3 * 1024**3
_UNSAFE = re.compile(r"[\s:;'\"`$&*?<>|\\#()\[\]{}!]")
_PREFIX_VARIABLES = ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "COLCON_PREFIX_PATH", "PYTHONPATH")


@dataclass(frozen=True)
class Machine:
    """The facts about the machine that decide whether the wheels of ROS 2 run on it.

    Attributes:
        system: Operating system as `platform.system` names it.
        architecture: Processor as `platform.machine` names it.
        libc: Name and version of the C library as `platform.libc_ver` gives them.
        implementation: Python implementation, such as CPython.
    """

    system: str
    architecture: str
    libc: tuple[str, str]
    implementation: str


def check_machine(machine: Machine) -> None:
    """Refuse a machine for which no wheels exist.

    Raises:
        SetupError: names the property that does not fit.
    """
    if machine.system != "Linux":
        raise SetupError(
            f"ROS 2 from PyPI runs on Linux only, this is {machine.system}: use a container of docker/."
        )
    if machine.architecture not in ("x86_64", "AMD64"):
        raise SetupError(
            f"ROS 2 from PyPI exists for x86-64 only, this is {machine.architecture}: install ROS 2 "
            "(Jazzy or Kilted) "
            "and build with rosdep and colcon, or use docker/jetson.Dockerfile."
        )
    if machine.implementation != "CPython":
        raise SetupError(
            f"ROS 2 from PyPI needs CPython, this is {machine.implementation}: start again with "
            "'make setup PYTHON=/usr/bin/python3'."
        )
    name, version = machine.libc
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if name != "glibc" or numbers < OLDEST_GLIBC:
        raise SetupError(
            f"ROS 2 from PyPI needs glibc 2.28 or later, this is {name or 'another C library'} "
            f"{version}: use Debian "
            "10, Ubuntu 20.04 or later, or a container of docker/."
        )


def check_environment(workspace: Workspace, environment: Mapping[str, str]) -> None:
    """Refuse a shell in which another ROS 2 is sourced: two of them in one process do not work.

    Raises:
        SetupError: names the variable and its value.
    """
    remedy = (
        "open a new shell without it and start again, or stay with the installed ROS 2 and use "
        "'rosdep install', 'colcon build' and 'ros2 launch' instead of make."
    )
    if environment.get("ROS_DISTRO"):
        raise SetupError(
            f"ROS 2 '{environment['ROS_DISTRO']}' is sourced in this shell (ROS_DISTRO): {remedy}"
        )
    for variable in _PREFIX_VARIABLES:
        for entry in environment.get(variable, "").split(":"):
            foreign = entry.startswith("/opt/ros/") or (
                variable == "AMENT_PREFIX_PATH" and entry and not Path(entry).is_relative_to(workspace.root)
            )
            if foreign:
                raise SetupError(
                    f"Another ROS 2 workspace is sourced in this shell ({variable} has {entry}): {remedy}"
                )


def check_path(workspace: Workspace) -> None:
    """Refuse a path that the first lines of scripts and CMake's lists cannot hold.

    Raises:
        SetupError: names the path and the character.
    """
    bad = _UNSAFE.search(str(workspace.root))
    if bad:
        what = "a space" if bad.group().isspace() else f"the character {bad.group()}"
        raise SetupError(
            f"The path of this checkout, '{workspace.root}', holds {what}, which scripts and CMake "
            "cannot handle: "
            "move the checkout to a path without it and start again."
        )


def check_writable(workspace: Workspace) -> None:
    """Refuse a checkout that cannot be written to; creates the state directory.

    Raises:
        SetupError: names the directory and the system's reason.
    """
    probe = workspace.state / "probe"
    try:
        workspace.state.mkdir(exist_ok=True)
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise SetupError(
            f"This checkout cannot be written to ({workspace.root}: {error.strerror}): make it "
            "writable for you, or "
            "clone it into a directory that is."
        ) from error


def check_disk(workspace: Workspace, needed_bytes: int = NEEDED_DISK_BYTES) -> None:
    """Refuse a disk on which the installation would run out of room.

    Raises:
        SetupError: names what is free and what is needed.
    """
    free_bytes = shutil.disk_usage(workspace.root).free
    if free_bytes < needed_bytes:
        raise SetupError(
            f"Only {free_bytes / 1e9:.1f} GB are free in {workspace.root}, the set-up needs "
            f"{needed_bytes / 1e9:.1f} GB: "
            "free some room and start again."
        )
