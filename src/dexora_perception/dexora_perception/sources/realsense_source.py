"""Intel RealSense colour cameras by librealsense's Python binding, installed only where it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from dexora_perception.sources.source import Clocks, Frame, Mode, cannot_open, check_size, lost

_NS_PER_MS = 1_000_000


class RealSenseSource:
    """The colour stream of one RealSense camera.

    The capture time is the frame's where its clock is the host's (`global_time`, `system_time`); a camera
    that stamps by a clock of its own gets the time of arrival that the driver noted, else the present.

    Args:
        view: The camera's view, for messages.
        serial: Serial number; empty takes the only camera.
        mode: Size and rate.
        timeout_s: Silence after which the camera counts as lost [s].
        clocks: The host's clocks.
        library: The module `pyrealsense2`; imported when the camera is opened if left out.
        make_pipeline: Makes a pipeline; `library.pipeline` but in tests.
    """

    def __init__(
        self,
        view: str,
        serial: str,
        mode: Mode,
        *,
        timeout_s: float = 1.0,
        clocks: Clocks | None = None,
        library: Any = None,
        make_pipeline: Any = None,
    ) -> None:
        self._view, self._serial, self._mode = view, serial, mode
        self._timeout_ms = round(timeout_s * 1e3)
        self._clocks = clocks or Clocks()
        self._library, self._make_pipeline = library, make_pipeline
        self._pipeline: Any = None

    def open(self) -> None:
        """Start the stream; see `CameraSource`."""
        rs = self._library = self._library or self._imported()
        config = rs.config()
        if self._serial:
            config.enable_device(self._serial)
        width, height, rate_hz = self._mode.width, self._mode.height, round(self._mode.rate_hz)
        config.enable_stream(rs.stream.color, width, height, rs.format.rgb8, rate_hz)
        pipeline = (self._make_pipeline or rs.pipeline)()
        try:
            pipeline.start(config)
        except RuntimeError as error:  # what librealsense raises for everything
            raise cannot_open(self._view, f"{self._name} as {self._mode}: {error}") from error
        self._pipeline = pipeline

    def read(self) -> Frame:
        """Wait for the newest picture; see `CameraSource`."""
        assert self._pipeline is not None, "read before open"
        try:
            is_there, frames = self._pipeline.try_wait_for_frames(self._timeout_ms)
            frame = frames.get_color_frame() if is_there else None
            if not frame:
                raise lost(self._view, f"no picture within {self._timeout_ms / 1e3:g} s")
            capture_ns = self._capture_ns(frame)
            # The buffer belongs to the camera again as soon as the frame is gone.
            image = np.array(frame.get_data(), np.uint8, copy=True)
        except RuntimeError as error:
            raise lost(self._view, f"{self._name}: {error}") from error
        check_size(self._view, self._name, (image.shape[1], image.shape[0]), self._mode)
        return Frame(image, capture_ns)

    def close(self) -> None:
        """Stop the stream; a camera that is gone cannot be stopped, and need not be."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            try:
                pipeline.stop()
            except RuntimeError:
                return

    @property
    def _name(self) -> str:
        return f"RealSense {self._serial}" if self._serial else "the RealSense camera"

    def _capture_ns(self, frame: Any) -> int:
        rs = self._library
        if frame.get_frame_timestamp_domain() != rs.timestamp_domain.hardware_clock:
            return self._clocks.from_wall(round(frame.get_timestamp() * _NS_PER_MS))
        arrival = rs.frame_metadata_value.time_of_arrival
        if frame.supports_frame_metadata(arrival):
            return self._clocks.from_wall(frame.get_frame_metadata(arrival) * _NS_PER_MS)
        return self._clocks.monotonic_ns()

    def _imported(self) -> Any:
        try:
            return import_module("pyrealsense2")
        except ImportError as error:
            detail = f"{error}; install it with `pip install -r requirements/realsense.txt`"
            raise cannot_open(self._view, detail) from error
