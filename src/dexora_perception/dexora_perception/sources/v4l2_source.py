"""USB and other cameras of Linux (Video4Linux2), through FFmpeg's device input.

Buffers carry the kernel's capture time on the monotonic clock. The device is read without blocking, so that a
silent camera is noticed, and to the end of its queue: only the newest packet is decoded.
"""

from __future__ import annotations

from typing import Any

import av

from dexora_perception.sources.av_stream import AV_ERRORS, AvStream, OpenContainer, pts_ns, rgb
from dexora_perception.sources.source import Clocks, Frame, Mode, cannot_open, check_size, lost

PIXEL_FORMATS = ("", "mjpeg", "yuyv422")
POLL_S = 0.002
# A driver's queue holds fewer packets; a source that always has one must not hold the reader.
_MOST_WAITING = 64


class V4l2Source:
    """One V4L2 camera.

    Args:
        view: The camera's view, for messages.
        device: Such as `/dev/video0`, better a stable name below `/dev/v4l/by-id`.
        mode: Size and rate.
        pixel_format: One of `PIXEL_FORMATS`; empty leaves it to the driver.
        timeout_s: Silence after which the camera counts as lost [s].
        clocks: The host's clocks.
        open_container: Opens a container; `av.open` but in tests.
    """

    def __init__(
        self,
        view: str,
        device: str,
        mode: Mode,
        *,
        pixel_format: str = "",
        timeout_s: float = 1.0,
        clocks: Clocks | None = None,
        open_container: OpenContainer = av.open,
    ) -> None:
        self._view, self._device, self._mode = view, device, mode
        self._timeout_ns = round(timeout_s * 1e9)
        self._clocks = clocks or Clocks()
        self._open_container = open_container
        self._options = {
            "video_size": f"{mode.width}x{mode.height}",
            "framerate": f"{mode.rate_hz:g}",
            "fflags": "nonblock",
            # The kernel's stamps as they are: monotonic.
            "timestamps": "default",
        }
        if pixel_format:
            self._options["input_format"] = pixel_format
        self._stream: AvStream | None = None

    def open(self) -> None:
        """Start the stream; see `CameraSource`."""
        try:
            self._stream = AvStream(self._device, "v4l2", self._options, self._open_container)
        except AV_ERRORS as error:
            raise cannot_open(self._view, f"{self._device} as {self._mode}: {error}") from error
        try:
            check_size(self._view, self._device, self._stream.size, self._mode)
        except Exception:
            self.close()
            raise

    def read(self) -> Frame:
        """Wait for the newest picture; see `CameraSource`."""
        deadline_ns = self._clocks.monotonic_ns() + self._timeout_ns
        while self._clocks.monotonic_ns() < deadline_ns:
            packet = self._newest_packet()
            if packet is None:
                self._clocks.sleep(POLL_S)
                continue
            assert self._stream is not None
            frames = self._stream.decode(packet)
            if frames:
                capture_ns = pts_ns(packet.pts, packet.time_base)
                return Frame(rgb(frames[-1]), self._clocks.from_monotonic(capture_ns))
        raise lost(self._view, f"no picture within {self._timeout_ns / 1e9:g} s")

    def close(self) -> None:
        """Stop the stream."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _newest_packet(self) -> Any | None:
        """Return the newest packet that waits; every packet of these formats is a whole picture."""
        assert self._stream is not None, "read before open"
        newest = None
        try:
            for _ in range(_MOST_WAITING):
                packet = self._stream.packet()
                if packet is None:
                    return newest
                newest = packet if packet.size else newest
        except (EOFError, *AV_ERRORS) as error:
            raise lost(self._view, f"{self._device}: {error}") from error
        return newest
