"""The virtual environment: made whole or made again, and repaired after an interrupted installation."""

from __future__ import annotations

import csv
import json
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_workspace.commands import Commands
from setup_workspace.errors import SetupError
from setup_workspace.paths import Workspace

_IDENTITY = "dexora.json"
_STARTED = "venv-started"


@dataclass(frozen=True)
class Interpreter:
    """The Python that the virtual environment is made from.

    Attributes:
        path: Executable outside any virtual environment.
        version: For example "3.11".
        headers: Directory that must hold Python.h.
    """

    path: str
    version: str
    headers: Path

    @property
    def is_of_the_system(self) -> bool:
        """Tell whether the distribution's packages provide it, and so its headers and venv module."""
        return str(Path(self.path).resolve()).startswith("/usr/bin/")


def this_interpreter() -> Interpreter:
    """Return the base interpreter of the running Python, also from inside a virtual environment."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Interpreter(str(Path(base).resolve()), version, Path(sysconfig.get_path("include")))


def identity(workspace: Workspace, interpreter: Interpreter) -> str:
    """Return what a finished environment of this place and Python records about itself."""
    content = {"root": str(workspace.root), "python": interpreter.path, "version": interpreter.version}
    return json.dumps(content, sort_keys=True)


def is_ready(workspace: Workspace, interpreter: Interpreter) -> bool:
    """Tell whether the environment was finished here, with this Python."""
    try:
        return (workspace.venv / _IDENTITY).read_text() == identity(
            workspace, interpreter
        ) and workspace.python.exists()
    except OSError:
        return False


def is_foreign(workspace: Workspace) -> bool:
    """Tell whether there is a `.venv` that this set-up never made."""
    ours = (workspace.venv / _IDENTITY).exists() or (workspace.state / _STARTED).exists()
    return workspace.venv.exists() and not ours


def create(
    workspace: Workspace, interpreter: Interpreter, commands: Commands, environment: Mapping[str, str]
) -> None:
    """Make the environment from nothing; a half-made or moved one is replaced, with everything built on it.

    Raises:
        SetupError: when there is a `.venv` of another origin, no headers, or Python's venv module fails.
    """
    if is_foreign(workspace):
        raise SetupError(
            f"{workspace.venv} was not made by this set-up: move it away, or delete it with 'make "
            "clean', and start again."
        )
    if not (interpreter.headers / "Python.h").exists():
        raise SetupError(
            f"The headers of Python {interpreter.version} are missing "
            f"({interpreter.headers}/Python.h): install "
            f"python{interpreter.version}-dev, or start with another one, for example 'make setup "
            "PYTHON=/usr/bin/python3'."
        )
    (workspace.state / _STARTED).write_text("")
    for made in (workspace.venv, workspace.build, workspace.install):
        shutil.rmtree(made, ignore_errors=True)
    outcome = commands.run([interpreter.path, "-m", "venv", str(workspace.venv)], environment)
    if outcome.returncode != 0:
        raise SetupError(
            f"Python {interpreter.version} could not make a virtual environment (all output in "
            ".setup/log): install "
            f"python{interpreter.version}-venv (sudo apt-get install -y "
            f"python{interpreter.version}-venv) and start again."
        )
    (workspace.venv / _IDENTITY).write_text(identity(workspace, interpreter))
    (workspace.state / _STARTED).unlink(missing_ok=True)


def site_packages(workspace: Workspace, interpreter: Interpreter) -> Path:
    """Return the directory of the environment's libraries."""
    return workspace.venv / "lib" / f"python{interpreter.version}" / "site-packages"


def remove_half_installed(libraries: Path) -> list[str]:
    """Remove the records of distributions whose installation was cut off, so that pip installs them again.

    pip writes RECORD last: a distribution without it, or with files missing or cut short, is not whole.

    Returns:
        The names of the removed records.
    """
    removed = []
    for entry in sorted(libraries.glob("~*")):
        shutil.rmtree(entry, ignore_errors=True)
    for info in sorted(libraries.glob("*.dist-info")):
        record = info / "RECORD"
        if not record.is_file() or any(_damaged(libraries, record)):
            shutil.rmtree(info)
            removed.append(info.name.removesuffix(".dist-info"))
    return removed


def _damaged(libraries: Path, record: Path) -> Iterator[Path]:
    """Yield the recorded files that are absent or shorter or longer than recorded."""
    with record.open(newline="") as rows:
        for name, _, size in csv.reader(rows):
            # Byte code is made again by itself; the paths in CMake files are rewritten after installing.
            if name.endswith((".pyc", ".cmake")):
                continue
            file = libraries / name
            if not file.exists() or (size and file.stat().st_size != int(size)):
                yield file
