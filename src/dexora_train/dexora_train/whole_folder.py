"""A folder that is there completely or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(directory: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `directory` when the block ends well, and is gone when it does not.

    An earlier `directory` is replaced only then.

    Args:
        directory: Where the folder shall be; its parent is made when needed.

    Raises:
        OSError: The disk cannot be written.
    """
    partial, old = (directory.with_name(f".{directory.name}.{kind}") for kind in ("partial", "old"))
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        shutil.rmtree(old, ignore_errors=True)
        if directory.exists():
            directory.rename(old)
        partial.rename(directory)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
