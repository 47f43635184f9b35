"""Remembers by content what has been done, so that a second start skips it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: str | bytes) -> str:
    """Return the SHA-256 of the parts, each framed by its length, as hexadecimal."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(str(len(data)).encode() + b":" + data)
    return total.hexdigest()


def digest_files(root: Path, files: Iterable[Path]) -> str:
    """Return one digest over the names below `root` and the contents of `files`, in any order."""
    parts: list[str | bytes] = []
    for file in sorted(files):
        parts += [str(file.relative_to(root)), file.read_bytes()]
    return digest(*parts)


class Stamps:
    """One small file per finished step that holds the digest of everything the step depended on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> str | None:
        """Return the recorded digest, or None when the step never finished."""
        try:
            return (self._directory / name).read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def matches(self, name: str, value: str) -> bool:
        """Tell whether the step finished with exactly these inputs."""
        return self.read(name) == value

    def write(self, name: str, value: str) -> None:
        """Record that the step has finished; the file appears whole or not at all."""
        self._directory.mkdir(parents=True, exist_ok=True)
        fresh = self._directory / f".{name}.new"
        fresh.write_text(value + "\n")
        os.replace(fresh, self._directory / name)  # noqa: PTH105

    def drop(self, name: str) -> None:
        """Forget the step, because it is about to be done again or its result is gone."""
        (self._directory / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Return the names of all finished steps, sorted."""
        if not self._directory.is_dir():
            return []
        return sorted(entry.name for entry in self._directory.iterdir() if not entry.name.startswith("."))
