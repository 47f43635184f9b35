"""The part of FFmpeg that devices and files share: open, take packets, decode the newest into RGB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

OpenContainer = Callable[..., Any]
# What FFmpeg raises; PyAV also lets some errors of the operating system through as they are.
AV_ERRORS = (av.error.FFmpegError, OSError)


class AvStream:
    """One opened video stream.

    Args:
        name: File or device.
        container_format: FFmpeg's name of the format; None to guess from the file.
        options: FFmpeg's options.
        open_container: Opens a container; `av.open` but in tests.

    Raises:
        OSError: It cannot be opened, or holds no video.
    """

    def __init__(
        self,
        name: str,
        container_format: str | None = None,
        options: Mapping[str, str] | None = None,
        open_container: OpenContainer = av.open,
    ) -> None:
        self._container = open_container(name, format=container_format, options=dict(options or {}))
        streams = self._container.streams.video
        if not streams:
            self._container.close()
            raise OSError(f"{name} holds no video")
        self._stream = streams[0]
        self._packets = self._container.demux(self._stream)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height [px]."""
        return self._stream.codec_context.width, self._stream.codec_context.height

    def packet(self) -> Any | None:
        """Return the next packet; None when a non-blocking device has none at the moment.

        Raises:
            EOFError: The stream has ended.
            OSError: The device failed.
        """
        try:
            return next(self._packets)
        except StopIteration:
            raise EOFError("the stream has ended") from None
        except BlockingIOError:
            # The generator ends with the exception; the container goes on.
            self._packets = self._container.demux(self._stream)
            return None

    def decode(self, packet: Any) -> list[Any]:
        """Return the pictures of a packet that are whole; damaged ones are left out, never painted over."""
        try:
            frames = self._stream.decode(packet)
        except av.error.InvalidDataError:
            return []
        return [frame for frame in frames if not frame.is_corrupt]

    def close(self) -> None:
        """Give the device or the file back."""
        self._container.close()


def rgb(frame: Any) -> NDArray[np.uint8]:
    """Return a decoded picture as (H, W, 3) uint8 RGB."""
    return np.ascontiguousarray(frame.to_ndarray(format="rgb24"))


def pts_ns(stamp: int | None, time_base: Any) -> int:
    """Return a time stamp of FFmpeg in ns; 0 when there is none."""
    return 0 if stamp is None or time_base is None else round(stamp * time_base * 1_000_000_000)
