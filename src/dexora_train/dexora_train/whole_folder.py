"""A folder that is there completely or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(directory: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `directory` when the block ends well, and is gone when it does not.

    An earlier `directory` is replaced only then; what a killed process had moved aside is put back first.

    Args:
        directory: Where the folder shall be; its parent is made when needed.

    Raises:
        OSError: The disk cannot be written.
    """
    partial, old = (directory.with_name(f".{directory.name}.{kind}") for kind in ("partial", "old"))
    _remove(partial)
    _restore(old, directory)
    try:
        partial.mkdir(parents=True)
        yield partial
        _remove(old)
        if directory.exists():
            directory.rename(old)
        partial.rename(directory)
        _remove(old)
    finally:
        _restore(old, directory)
        _remove(partial)


def _restore(old: Path, directory: Path) -> None:
    """Put back what was moved aside when nothing took its place."""
    if old.exists() and not directory.exists():
        old.rename(directory)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
