"""How much of an MCAP file is intact: walking over its records without reading them."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAGIC = b"\x89MCAP0\r\n"
FOOTER = 0x02
RECORD_HEADER = struct.Struct("<BQ")


class Extent(NamedTuple):
    """The intact part of a file.

    Attributes:
        length: bytes up to the end of the last whole record.
        size: bytes in the file.
        is_complete: whether it ends as a finished file does.
        is_mcap: whether it begins as an MCAP file.
    """

    length: int
    size: int
    is_complete: bool
    is_mcap: bool


def intact_extent(path: Path) -> Extent:
    """Return how much of the file at `path` consists of whole records."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(len(MAGIC))
        if head != MAGIC:
            return Extent(0, size, is_complete=False, is_mcap=MAGIC.startswith(head))
        if _ends_well(stream, size):
            return Extent(size, size, is_complete=True, is_mcap=True)
        return Extent(_walk(stream, size), size, is_complete=False, is_mcap=True)


def _ends_well(stream: BinaryIO, size: int) -> bool:
    """Return whether the file ends with a footer record and the closing magic."""
    tail = RECORD_HEADER.size + 20 + len(MAGIC)
    if size < len(MAGIC) + tail:
        return False
    stream.seek(size - tail)
    opcode, length = RECORD_HEADER.unpack(stream.read(RECORD_HEADER.size))
    stream.seek(size - len(MAGIC))
    return (opcode, length) == (FOOTER, 20) and stream.read(len(MAGIC)) == MAGIC


def _walk(stream: BinaryIO, size: int) -> int:
    position = len(MAGIC)
    while True:
        stream.seek(position)
        header = stream.read(RECORD_HEADER.size)
        if len(header) < RECORD_HEADER.size:
            return position
        opcode, length = RECORD_HEADER.unpack(header)
        end = position + RECORD_HEADER.size + length
        # Opcode 0 is not a record: a hole of zeros, as some file systems leave after a power cut.
        if opcode in (0, FOOTER) or end > size:
            return position
        position = end


class Prefix(io.RawIOBase):
    """The first bytes of a file as a file of their own."""

    def __init__(self, path: Path, length: int) -> None:
        super().__init__()
        self._stream = path.open("rb", buffering=0)
        self._left = length

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read into `buffer` no further than the prefix goes."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        count = os.readv(self._stream.fileno(), [view[: min(len(view), self._left)]]) if self._left else 0
        self._left -= count
        return count

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()
