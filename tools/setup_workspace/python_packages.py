"""What pip installs: the pinned environments and the commands that PyPI's ROS 2 lacks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from setup_workspace.commands import Commands, Outcome
from setup_workspace.console import Console
from setup_workspace.errors import SetupError
from setup_workspace.paths import Workspace

# Every environment contains the ones before it.
ENVIRONMENTS = ("robot", "simulation", "development", "training")
_PIP_OPTIONS = (
    "--disable-pip-version-check",
    "--no-input",
    "--progress-bar",
    "off",
    "--prefer-binary",
    "--retries",
    "3",
)
_OFFLINE_MARKS = (
    "NewConnectionError", "NameResolutionError", "Temporary failure in name resolution", "Network "
    "is unreachable",
    "Connection refused", "ConnectTimeoutError", "Max retries exceeded", "ReadTimeoutError", "No "
    "route to host",
    "Failed to establish a new connection",
)  # fmt: skip
_BUILDER_PYTHON = re.compile(r"/opt/python/cp3\d+-cp3\d+/include/python3\.\d+")
_BUILDER_NUMPY = re.compile(r"/opt/python/cp3\d+-cp3\d+/[^;\"]*numpy/_?core/include")


def files_of(workspace: Workspace, environment: str) -> tuple[Path, ...]:
    """Return the requirement files of an environment, the robot's first."""
    names = ENVIRONMENTS[: ENVIRONMENTS.index(environment) + 1]
    return tuple(workspace.requirements / f"{name}.txt" for name in names)


def install(
    files: Sequence[Path],
    workspace: Workspace,
    commands: Commands,
    environment: Mapping[str, str],
    console: Console,
) -> None:
    """Install the requirement files in one go, so that pip sees every pin.

    Raises:
        SetupError: when the package index cannot be reached or pip refuses.
    """
    arguments = [argument for file in files for argument in ("-r", str(file.relative_to(workspace.root)))]
    _pip(arguments, workspace, commands, environment, console)


def install_tools(
    workspace: Workspace, commands: Commands, environment: Mapping[str, str], console: Console
) -> None:
    """Install tools/ros2_from_pypi in place: launch, launch_ros and the ros2 command.

    Raises:
        SetupError: when pip refuses.
    """
    arguments = ["--no-deps", "--no-build-isolation", "-e", "tools/ros2_from_pypi"]
    _pip(arguments, workspace, commands, environment, console)


def rewrite_cmake_paths(prefix: Path, python_headers: str, numpy_headers: str) -> int:
    """Replace the include directories of the machine that built the wheels by the ones of this machine.

    Returns:
        The number of files that were changed; doing it again changes none.
    """
    changed = 0
    for file in sorted(prefix.glob("share/*/cmake/*.cmake")):
        text = file.read_text()
        fresh = _BUILDER_PYTHON.sub(python_headers, _BUILDER_NUMPY.sub(numpy_headers, text))
        if fresh != text:
            file.write_text(fresh)
            changed += 1
    return changed


def _pip(
    arguments: Sequence[str],
    workspace: Workspace,
    commands: Commands,
    environment: Mapping[str, str],
    console: Console,
) -> None:
    command = [str(workspace.python), "-m", "pip", "install", *_PIP_OPTIONS, *arguments]
    collected = 0

    def follow(line: str) -> None:
        nonlocal collected
        collected += line.startswith("Collecting ")
        unpacking = line.startswith("Installing collected packages")
        console.alive(f"{collected} packages found, {'unpacking' if unpacking else 'reading the index'}")

    outcome = commands.run(command, environment, follow)
    if outcome.returncode != 0:
        raise SetupError(_reason(outcome))


def _reason(outcome: Outcome) -> str:
    errors = [line for line in outcome.tail if line.startswith("ERROR: ")]
    if any(mark in line for line in outcome.tail for mark in _OFFLINE_MARKS):
        return (
            "The package index cannot be reached: check the network (and pip's proxy settings) "
            "and start again."
        )
    if any("No space left on device" in line for line in outcome.tail):
        return "The disk is full: free 3 GB and start again."
    error = errors[-1].removeprefix("ERROR: ") if errors else "pip failed"
    return (
        f"The Python packages could not be installed ({error}): read .setup/log, correct "
        "requirements/ and start again."
    )
