"""librealsense as its Python binding shows it: pipeline, configuration, frames, clocks and errors.

What is imitated: starting without a camera, with an unknown serial number or an unknown mode, starting twice,
frames that time out after the plug was pulled, stopping what is not started, three domains of time stamps,
metadata that a kernel without patches lacks, buffers that belong to the camera again when the frame is gone.
"""

from types import SimpleNamespace

import numpy as np

RGB8, COLOR = "rgb8", "color"
MODES = {(640, 480, 30), (64, 48, 20)}


class FakeRealSense:
    """The module and the one camera that is plugged in."""

    def __init__(self, clocks, serial="123"):
        self.clocks, self.serial = clocks, serial
        self.is_plugged, self.has_metadata, self.domain = True, True, "global_time"
        self.frames, self.size, self.age_ms = 0, None, 8.0
        self.started = self.stopped = 0
        self.buffer = None
        self.stream = SimpleNamespace(color=COLOR)
        self.format = SimpleNamespace(rgb8=RGB8)
        self.timestamp_domain = SimpleNamespace(
            hardware_clock="hardware_clock", system_time="system_time", global_time="global_time"
        )
        self.frame_metadata_value = SimpleNamespace(time_of_arrival="time_of_arrival")

    def config(self):
        return FakeConfig()

    def pipeline(self):
        return FakePipeline(self)


class FakeConfig:
    def __init__(self):
        self.serial, self.mode = "", None

    def enable_device(self, serial):
        self.serial = serial

    def enable_stream(self, stream, width, height, pixel_format, rate_hz):
        assert (stream, pixel_format) == (COLOR, RGB8)
        self.mode = (width, height, rate_hz)


class FakePipeline:
    def __init__(self, camera):
        self._camera, self._is_started = camera, False

    def start(self, config):
        camera = self._camera
        if self._is_started:
            raise RuntimeError("start() cannot be called before stop()")
        if not camera.is_plugged or config.serial not in {"", camera.serial}:
            raise RuntimeError("No device connected")
        if config.mode not in MODES:
            raise RuntimeError("Couldn't resolve requests")
        self._is_started = True
        camera.started += 1
        camera.size = camera.size or config.mode[:2]

    def try_wait_for_frames(self, timeout_ms):
        camera = self._camera
        if not self._is_started:
            raise RuntimeError("try_wait_for_frames cannot be called before start()")
        if not camera.is_plugged:
            camera.clocks.sleep(timeout_ms / 1e3)
            return False, FakeFrames(None)
        camera.clocks.sleep(0.05)
        camera.frames += 1
        return True, FakeFrames(FakeFrame(camera))

    def stop(self):
        if not self._is_started:
            raise RuntimeError("stop() cannot be called before start()")
        if not self._camera.is_plugged:
            raise RuntimeError("the device was removed")
        self._is_started = False
        self._camera.stopped += 1


class FakeFrames:
    def __init__(self, frame):
        self._frame = frame

    def get_color_frame(self):
        return self._frame


class FakeFrame:
    def __init__(self, camera):
        self._camera = camera
        width, height = camera.size
        if camera.buffer is None or camera.buffer.shape[:2] != (height, width):
            camera.buffer = np.zeros((height, width, 3), np.uint8)
        camera.buffer[...] = camera.frames  # the buffer of the frame before

    def get_data(self):
        return self._camera.buffer

    def get_frame_timestamp_domain(self):
        return self._camera.domain

    def get_timestamp(self):
        if self._camera.domain == "hardware_clock":
            return 4711.0
        return self._camera.clocks.wall_ns() / 1e6 - self._camera.age_ms

    def supports_frame_metadata(self, name):
        return self._camera.has_metadata and name == "time_of_arrival"

    def get_frame_metadata(self, _name):
        return round(self._camera.clocks.wall_ns() / 1e6 - self._camera.age_ms / 2)
