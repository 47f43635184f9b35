"""A file that is there completely or not at all."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file; an earlier one is replaced only when the new one is complete.

    Raises:
        OSError: The disk cannot be written; the earlier file is as it was.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
