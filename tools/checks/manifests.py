"""package.xml files: every dependency is ours or known to rosdep, and none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from checks.result import Finding
from checks.sources import library_sources

ROSDEP_KEYS = frozenset(
    line
    for line in (Path(__file__).parent / "rosdep-keys.txt").read_text().splitlines()
    if not line.startswith("#")
)
_TAGS = ("depend", "build_depend", "build_export_depend", "buildtool_depend", "exec_depend", "test_depend")
_RUNTIME_TAGS = ("depend", "exec_depend")
# Import names that rosdep knows by another key.
_KEY_OF_IMPORT = {
    "numpy": "python3-numpy",
    "yaml": "python3-yaml",
    "scipy": "python3-scipy",
    "PIL": "python3-pil",
    "cv2": "python3-opencv",
}


def check_manifests(root: Path) -> list[Finding]:
    """Return unknown keys, and imports of ROS packages that a package.xml does not declare."""
    manifests = {file.parent.name: file for file in sorted((root / "src").glob("*/package.xml"))}
    return [
        found for name, file in manifests.items() for found in _offences(root, name, file, set(manifests))
    ]


def _offences(root: Path, package: str, file: Path, own: set[str]) -> Iterator[Finding]:
    tree = ElementTree.parse(file)  # noqa: S314 - a file of this checkout
    name = file.relative_to(root).as_posix()
    declared = [((node.text or "").strip(), node.tag) for node in tree.iter() if node.tag in _TAGS]
    for key in sorted({key for key, _ in declared} - ROSDEP_KEYS - own):
        yield Finding(name, 1, f"'{key}' is no package of this workspace and no known rosdep key")
    runtime = {key for key, tag in declared if tag in _RUNTIME_TAGS}
    for key in sorted(set(_needed(root, package, own)) - runtime - {package}):
        yield Finding(name, 1, f"the sources import '{key}': declare it with <exec_depend>")


def _needed(root: Path, package: str, own: set[str]) -> Iterator[str]:
    """Yield the keys of the packages that the library code of `package` imports."""
    for source in library_sources(root, f"src/{package}"):
        for _, name in source.imports():
            top = name.partition(".")[0]
            key = _KEY_OF_IMPORT.get(top, top)
            if key in ROSDEP_KEYS or key in own:
                yield key
