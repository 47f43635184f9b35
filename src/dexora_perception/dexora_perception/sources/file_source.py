"""A video file as a camera: its pictures come at its own pace, as if they were captured now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dexora_perception.sources.av_stream import AV_ERRORS, AvStream, pts_ns, rgb
from dexora_perception.sources.source import (
    Clocks,
    Frame,
    Mode,
    SourceEndedError,
    cannot_open,
    check_size,
    lost,
)

# A reader that is later than this many pictures gets the next one anyway, and time gives way.
_MOST_SKIPPED = 10


class FileSource:
    """One video file in any format that FFmpeg reads.

    Overdue pictures are skipped, so that a slow reader sees the newest. The capture time of a picture is when
    it is due.

    Args:
        view: The camera's view, for messages.
        path: The file.
        mode: Size that it must have, and its rate where it does not say one.
        loops: True: after the end it begins again.
        clocks: The host's clocks.
    """

    def __init__(
        self, view: str, path: str, mode: Mode, *, loops: bool = True, clocks: Clocks | None = None
    ) -> None:
        self._view, self._path, self._mode, self._loops = view, path, mode, loops
        self._clocks = clocks or Clocks()
        self._stream: AvStream | None = None
        self._pictures: Iterator[tuple[Any, int]] = iter(())
        self._start_ns = self._last_ns = 0
        self._period_ns = round(1e9 / mode.rate_hz)

    def open(self) -> None:
        """Open the file; see `CameraSource`."""
        self._rewind()
        self._start_ns = self._clocks.monotonic_ns()

    def read(self) -> Frame:
        """Wait until the next picture is due; see `CameraSource`."""
        for _ in range(_MOST_SKIPPED):
            picture, due_ns = self._next()
            late_ns = self._clocks.monotonic_ns() - due_ns
            if late_ns < self._period_ns:
                break
        else:
            self._start_ns += late_ns
            due_ns += late_ns
            late_ns = 0
        if late_ns < 0:
            self._clocks.sleep(-late_ns / 1e9)
        return Frame(rgb(picture), due_ns)

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _next(self) -> tuple[Any, int]:
        """Return the next picture and when it is due [ns]."""
        found = next(self._pictures, None)
        if found is None:
            if not self._loops:
                detail = f"{self._path} has come to its end"
                raise SourceEndedError(f"Camera {self._view}: {detail}; set loop to begin again.")
            self.close()
            self._rewind()
            self._start_ns = self._last_ns + self._period_ns
            found = next(self._pictures, None)
            if found is None:
                raise lost(self._view, f"{self._path} holds no picture that can be decoded")
        picture, since_start_ns = found
        self._last_ns = self._start_ns + since_start_ns
        return picture, self._last_ns

    def _rewind(self) -> None:
        try:
            self._stream = AvStream(self._path)
        except AV_ERRORS as error:
            raise cannot_open(self._view, f"{self._path}: {error}") from error
        try:
            check_size(self._view, self._path, self._stream.size, self._mode)
        except Exception:
            self.close()
            raise
        self._pictures = self._decoded(self._stream)

    def _decoded(self, stream: AvStream) -> Iterator[tuple[Any, int]]:
        """Yield pictures with their time since the first one [ns]."""
        first_ns = None
        try:
            while True:
                packet = stream.packet()
                for frame in stream.decode(packet) if packet is not None else ():
                    stamp_ns = pts_ns(frame.pts, frame.time_base)
                    first_ns = stamp_ns if first_ns is None else first_ns
                    yield frame, stamp_ns - first_ns
        except EOFError:
            return
        except AV_ERRORS as error:
            raise lost(self._view, f"{self._path}: {error}") from error
