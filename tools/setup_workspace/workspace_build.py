"""The colcon build: only what has changed, package by package, so that an interrupted one resumes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence

from setup_workspace.commands import Commands, Outcome
from setup_workspace.console import Console
from setup_workspace.errors import SetupError
from setup_workspace.packages import INTERFACES, Package
from setup_workspace.paths import Workspace
from setup_workspace.stamps import Stamps

_CMAKE_ARGUMENTS = ("-G", "Ninja", "-DBUILD_TESTING=OFF")
_OWNED = "build-is-ours"
_FINISHED = re.compile(r"^Finished <<< (\S+)")
_FAILED = re.compile(r"^(?:Failed|Aborted)\s+<<< (\S+)")


def check_origin(workspace: Workspace) -> None:
    """Refuse a workspace that something else has built here, half or whole.

    Raises:
        SetupError: names what is there.
    """
    built = [
        path.name for path in (workspace.build, workspace.install) if path.is_dir() and any(path.iterdir())
    ]
    if built and not (workspace.state / _OWNED).exists():
        raise SetupError(
            f"{' and '.join(f'{name}/' for name in built)} in this checkout was built by something "
            "else than this "
            "set-up, maybe by an installed ROS 2: delete it with 'make clean' and start again."
        )


class Builder:
    """Builds packages and records each one that has finished."""

    def __init__(
        self,
        workspace: Workspace,
        commands: Commands,
        environment: Mapping[str, str],
        stamps: Stamps,
        console: Console,
    ) -> None:
        self._workspace = workspace
        self._commands = commands
        self._environment = environment
        self._stamps = stamps
        self._console = console

    def build(self, packages: Sequence[tuple[Package, str]]) -> None:
        """Build `packages`, given with their fingerprints; a failed one is built once more from nothing.

        Raises:
            SetupError: names the packages that fail.
        """
        (self._workspace.state / _OWNED).write_text("")
        for package, _ in packages:
            self._stamps.drop(_stamp(package))
        outcome = self._colcon(packages)
        remaining = [
            (package, value)
            for package, value in packages
            if not self._stamps.matches(_stamp(package), value)
        ]
        if outcome.returncode == 0 and not remaining:
            return
        if any(self._forget(package) for package, _ in remaining):
            self._console.detail(f"once more from nothing: {_names(remaining)}")
            outcome = self._colcon(remaining)
            remaining = [pair for pair in remaining if not self._stamps.matches(_stamp(pair[0]), pair[1])]
        if outcome.returncode != 0 or remaining:
            raise SetupError(_reason(outcome, remaining))

    def _colcon(self, packages: Sequence[tuple[Package, str]]) -> Outcome:
        wanted = {package.name: (package, value) for package, value in packages}
        command = [
            str(self._workspace.venv / "bin/colcon"), "build", "--symlink-install",
            "--base-paths", "src", str(INTERFACES), "--packages-select", *wanted,
            "--event-handlers", "console_direct+", "console_start_end+",
            "--cmake-args", *_CMAKE_ARGUMENTS,
        ]  # fmt: skip

        def follow(line: str) -> None:
            match = _FINISHED.match(line)
            if match and match.group(1) in wanted:
                self._stamps.write(_stamp(wanted[match.group(1)][0]), wanted[match.group(1)][1])
                self._console.detail(f"built {match.group(1)}")
            progress = re.match(r"^\[(\d+/\d+)\]", line)
            self._console.alive(f"compiling {progress.group(1)}" if progress else "building")

        return self._commands.run(command, self._environment, follow)

    def _forget(self, package: Package) -> bool:
        """Delete what a cut-off build of the package has left; tell whether there was anything."""
        left = [space / package.name for space in (self._workspace.build, self._workspace.install)]
        found = any(path.exists() for path in left)
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
        return found


def _stamp(package: Package) -> str:
    return f"built-{package.name}"


def is_built(package: Package, value: str, stamps: Stamps) -> bool:
    """Tell whether the package finished building with this fingerprint."""
    return stamps.matches(_stamp(package), value)


def _names(packages: Sequence[tuple[Package, str]]) -> str:
    return ", ".join(package.name for package, _ in packages)


def _reason(outcome: Outcome, remaining: Sequence[tuple[Package, str]]) -> str:
    failed = [match.group(1) for match in map(_FAILED.match, outcome.tail) if match]
    names = ", ".join(dict.fromkeys(failed)) or _names(remaining)
    if any("No space left on device" in line for line in outcome.tail):
        return "The disk is full: free 3 GB and start again."
    error = next(
        (line.strip() for line in outcome.tail if re.search(r"\b(error|Error):? ", line)), "colcon failed"
    )
    return f"Building {names} failed ({error[:200]}): read .setup/log, correct the cause and start again."
