"""The packages of the workspace and what each one's build depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from setup_workspace.errors import SetupError
from setup_workspace.paths import Workspace
from setup_workspace.stamps import digest, digest_files

INTERFACES = Path("tools/ros2_from_pypi/interfaces")
_SKIPPED_DIRECTORIES = ("__pycache__", "test", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache")
# The build links to every other file of a Python package, so that an edit needs no build.
_READ_AT_BUILD = ("package.xml", "setup.py", "setup.cfg")


@dataclass(frozen=True)
class Package:
    """One package of the workspace.

    Attributes:
        name: As in its package.xml.
        directory: Where its package.xml lies.
        is_python: Whether it is an ament_python package.
    """

    name: str
    directory: Path
    is_python: bool


def find_packages(workspace: Workspace) -> tuple[Package, ...]:
    """Return the packages to build: all of src/, and the interfaces that no installed package provides.

    Raises:
        SetupError: when a package.xml cannot be read.
    """
    found = [_read(file) for file in sorted((workspace.root / "src").glob("*/package.xml"))]
    index = workspace.venv / "share/ament_index/resource_index/packages"
    lacking = [_read(file) for file in sorted((workspace.root / INTERFACES).glob("*/package.xml"))]
    return tuple(found + [package for package in lacking if not (index / package.name).exists()])


def fingerprint(package: Package, surroundings: str) -> str:
    """Return a digest that changes when the package has to be built again.

    Args:
        package: The package.
        surroundings: Digest of everything outside the package that its build depends on.
    """
    files = list(_files(package.directory))
    if not package.is_python:
        return digest(surroundings, digest_files(package.directory, files))
    names = "\n".join(sorted(str(file.relative_to(package.directory)) for file in files))
    read = [package.directory / name for name in _READ_AT_BUILD if (package.directory / name).exists()]
    return digest(surroundings, names, digest_files(package.directory, read))


def is_installed(package: Package, workspace: Workspace) -> bool:
    """Tell whether the package stands in the install space."""
    return (workspace.install / package.name / "share" / package.name / "package.xml").exists()


def _read(file: Path) -> Package:
    try:
        tree = ElementTree.parse(file)  # noqa: S314 - a file of this checkout
    except ElementTree.ParseError as error:
        raise SetupError(f"{file} cannot be read ({error}): correct it and start again.") from error
    kind = tree.findtext("export/build_type") or "ament_cmake"
    return Package((tree.findtext("name") or "").strip(), file.parent, kind.strip() == "ament_python")


def _files(directory: Path) -> Iterator[Path]:
    for entry in directory.iterdir():
        if entry.is_dir():
            if entry.name not in _SKIPPED_DIRECTORIES and not entry.name.endswith(".egg-info"):
                yield from _files(entry)
        elif not entry.name.endswith(".pyc"):
            yield entry
