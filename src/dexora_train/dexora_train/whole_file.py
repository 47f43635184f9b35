"""A file that is there completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield where to write a file that becomes `path` when the block ends well, and is gone when it does not.

    Raises:
        OSError: The disk cannot be written; an earlier file is as it was.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text as `whole_file` does.

    Raises:
        OSError: The disk cannot be written; an earlier file is as it was.
    """
    with whole_file(path) as partial:
        partial.write_text(text)
