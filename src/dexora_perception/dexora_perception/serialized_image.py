"""Looks into a serialized sensor_msgs/Image without decoding it: a header in 5 us, the pixels without a copy.

Decoding a picture of 0.9 MB costs 0.3 ms and a copy, and most pictures of a busy camera are superseded before
anybody looks at them. Layout: a CDR stream (XCDR1, little endian), as all ROS 2 middlewares send it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from dexora_core.clock import NS_PER_S
from numpy.typing import NDArray

ENCODINGS = ("rgb8", "bgr8")
"""Encodings that a camera may send."""
CHANNELS = 3

_PREFIX_BYTES = 4
_LITTLE_ENDIAN_CDR = b"\x00\x01"


@dataclass(frozen=True, slots=True)
class SerializedImage:
    """What a message says about itself, and where its pixels are.

    Attributes:
        content: The serialized message.
        stamp_ns: Capture time by the sender's clock [ns].
        height: Rows.
        width: Columns.
        encoding: As the sender names it.
        step: Bytes from row to row.
        pixels_at: Offset of the pixels in `content`.
    """

    content: bytes
    stamp_ns: int
    height: int
    width: int
    encoding: str
    step: int
    pixels_at: int

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture as RGB (H, W, 3), a view on the message.

        Raises:
            ValueError: The encoding is none of `ENCODINGS`, or the size contradicts itself.
        """
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding '{self.encoding}', must be one of {', '.join(ENCODINGS)}")
        row_bytes = self.width * CHANNELS
        found = len(self.content) - self.pixels_at
        if row_bytes == 0 or self.height == 0 or self.step < row_bytes or found < self.height * self.step:
            raise ValueError(f"{self.width}x{self.height} of step {self.step} with {found} bytes of pixels")
        shape = (self.height, self.step)
        rows = np.frombuffer(self.content, np.uint8, self.height * self.step, self.pixels_at).reshape(shape)
        picture = rows[:, :row_bytes].reshape(self.height, self.width, CHANNELS)
        return picture if self.encoding == "rgb8" else picture[:, :, ::-1]


def read_image(content: bytes) -> SerializedImage:
    """Read the header of a serialized sensor_msgs/Image.

    Raises:
        ValueError: This is no such message, or it is cut short.
    """
    reader = _Reader(content)
    seconds, nanoseconds = reader.number("i"), reader.number("I")
    reader.text()  # the frame
    height, width, encoding = reader.number("I"), reader.number("I"), reader.text()
    reader.number("B")  # the order of bytes concerns no encoding of one byte
    step, _length = reader.number("I"), reader.number("I")
    stamp_ns = seconds * NS_PER_S + nanoseconds
    return SerializedImage(content, stamp_ns, height, width, encoding, step, reader.position)


class _Reader:
    """Reads aligned little-endian values one after the other."""

    def __init__(self, content: bytes) -> None:
        if content[:2] != _LITTLE_ENDIAN_CDR:
            raise ValueError(
                f"no little-endian CDR stream: it begins with {content[:4].hex(' ') or 'nothing'}"
            )
        self._content = content
        self.position = _PREFIX_BYTES

    def number(self, kind: str) -> int:
        """Read a number of a `struct` type."""
        size = struct.calcsize(kind)
        self.position += -(self.position - _PREFIX_BYTES) % size
        self._need(size)
        (value,) = struct.unpack_from("<" + kind, self._content, self.position)
        self.position += size
        return int(value)

    def text(self) -> str:
        """Read a string: its length with the final zero, then its bytes."""
        length = self.number("I")
        self._need(length)
        begin, self.position = self.position, self.position + length
        return bytes(self._content[begin : self.position]).rstrip(b"\x00").decode("utf-8", "replace")

    def _need(self, size: int) -> None:
        if self.position + size > len(self._content):
            raise ValueError(f"cut short: {len(self._content)} bytes, needed {self.position + size} and more")
