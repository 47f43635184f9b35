"""Finds and parses the Python files that the checks look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_NOT_LIBRARY = ("setup.py", "test", "tests", "__pycache__", "build", "install", "log")


@dataclass(frozen=True)
class Source:
    """One Python file.

    Attributes:
        root: Root of the checkout.
        path: Absolute path of the file.
    """

    root: Path
    path: Path

    @property
    def name(self) -> str:
        """Path relative to the root of the checkout."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def parts(self) -> tuple[str, ...]:
        """Components of the relative path, the file's name last."""
        return self.path.relative_to(self.root).parts

    @cached_property
    def text(self) -> str:
        """Content of the file."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """Syntax tree of the file."""
        return ast.parse(self.text, self.name)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Yield line and full dotted name of everything that is imported, also inside functions.

        `from a import b` yields `a.b`. Relative imports are made absolute in src/<package>/<package>/.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = self.parts[2 : len(self.parts) - node.level]
                    base = ".".join([*package, *([base] if base else [])])
                yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def library_sources(root: Path, *folders: str) -> list[Source]:
    """Return the Python files below `folders` that are not tests, sorted."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return [Source(root, path) for path in paths if _is_library(path.relative_to(root))]


def _is_library(path: Path) -> bool:
    return not any(part in _NOT_LIBRARY or part.startswith(".") for part in path.parts)
