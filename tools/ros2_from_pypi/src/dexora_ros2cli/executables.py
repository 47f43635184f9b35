"""The executables that packages install below `lib/<package>`."""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix

from dexora_ros2cli.errors import CliError


def prefix_of(package: str) -> str | None:
    """Return the install prefix of `package`, or None when it is not installed or not a valid name."""
    try:
        prefix: str = get_package_prefix(package)
    except (PackageNotFoundError, ValueError):
        return None
    return prefix


def executables_of(package: str) -> list[str]:
    """Return the paths of the executables of an installed package, sorted.

    Raises:
        CliError: the package is not installed.
    """
    prefix = prefix_of(package)
    if prefix is None:
        raise CliError(f"Package '{package}' not found")
    folder = Path(prefix) / "lib" / package
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and os.access(path, os.X_OK) and not _is_hidden(path.relative_to(folder))
    ]
    return [str(path) for path in found]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts[:-1])


def executable_path(package: str, name: str) -> str:
    """Return the path of one executable.

    Raises:
        CliError: the package has none or several of that name.
    """
    paths = executables_of(package)
    matching = [path for path in paths if Path(path).name == name]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise CliError("Multiple executables found:" + "".join(f"\n- {path}" for path in matching))
    known = ", ".join(Path(path).name for path in paths) or "none"
    raise CliError(f"No executable found: package '{package}' has no '{name}'; it has: {known}")
