"""Pins the RealSense source against a fake of librealsense and, where it is installed, its simulated device.

Not run on hardware.
"""

import threading
import time as real_time

import numpy as np
import pytest
from dexora_core.errors import HardwareError
from dexora_perception.sources import CameraLostError, Clocks
from dexora_perception.sources.realsense_source import RealSenseSource
from dexora_perception.sources.source import Mode
from fake_realsense import FakeRealSense
from fake_v4l2 import Time

MODE = Mode(64, 48, 20.0)
MS = 1_000_000


@pytest.fixture
def camera():
    time = Time()
    # The wall clock is far from the monotonic one, and a whole number of milliseconds.
    return FakeRealSense(Clocks(lambda: time.now_ns, lambda: time.now_ns + 10**18, time.sleep))


def opened(camera, serial="", mode=MODE, **options):
    source = RealSenseSource("top", serial, mode, clocks=camera.clocks, library=camera, **options)
    source.open()
    return source


def test_picture_is_copied_out_of_the_camera_s_buffer(camera):
    source = opened(camera)
    first, second = source.read().image, source.read().image
    assert (int(first[0, 0, 0]), int(second[0, 0, 0])) == (1, 2)
    assert first.shape == (48, 64, 3)


@pytest.mark.parametrize("domain", ["global_time", "system_time"])
def test_capture_time_of_the_host_s_clock_is_taken(camera, domain):
    camera.domain = domain
    frame = opened(camera).read()
    assert camera.clocks.monotonic_ns() - frame.capture_ns == pytest.approx(8 * MS, abs=MS / 5)


def test_clock_of_the_camera_s_own_gives_way_to_the_arrival(camera):
    camera.domain = "hardware_clock"
    frame = opened(camera).read()
    assert camera.clocks.monotonic_ns() - frame.capture_ns == pytest.approx(4 * MS, abs=MS / 5)


def test_without_metadata_the_present_counts(camera):
    camera.domain, camera.has_metadata = "hardware_clock", False
    assert opened(camera).read().capture_ns == camera.clocks.monotonic_ns()


@pytest.mark.parametrize(
    ("serial", "mode", "reason"),
    [
        ("999", MODE, "RealSense 999 as 64x48 at 20 Hz: No device connected"),
        ("123", Mode(100, 50, 20.0), "RealSense 123 as 100x50 at 20 Hz: Couldn't resolve requests"),
    ],
)
def test_camera_that_cannot_be_started_is_refused_with_the_reason(camera, serial, mode, reason):
    with pytest.raises(HardwareError, match=f"DX-CAM-006: Camera top cannot be opened: {reason}"):
        opened(camera, serial, mode)


def test_pulled_plug_is_a_loss_and_closing_then_is_no_error(camera):
    source = opened(camera, timeout_s=0.5)
    source.read()
    camera.is_plugged = False
    with pytest.raises(CameraLostError, match=r"DX-CAM-005: .*no picture within 0.5 s"):
        source.read()
    source.close()
    camera.is_plugged = True
    source.open()
    assert source.read().image.shape == (48, 64, 3)


def test_other_size_than_asked_for_is_refused(camera):
    camera.size = (640, 480)
    with pytest.raises(HardwareError, match="the RealSense camera delivers 640x480, asked for were 64x48"):
        opened(camera).read()


def test_closing_twice_stops_once(camera):
    source = opened(camera)
    source.close()
    source.close()
    assert (camera.started, camera.stopped) == (1, 1)


def test_missing_library_is_a_refusal_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyrealsense2", None)
    with pytest.raises(HardwareError, match=r"DX-CAM-006.*pip install -r requirements/realsense.txt"):
        RealSenseSource("top", "", MODE).open()


class SimulatedDevice:
    """librealsense's own software device, which the real library streams from."""

    def __init__(self, rs):
        self._rs = rs
        self._device = rs.software_device()
        self._sensor = self._device.add_sensor("RGB")
        stream = rs.video_stream()
        stream.type, stream.index, stream.uid, stream.fps = rs.stream.color, 0, 0, 20
        stream.width, stream.height, stream.bpp, stream.fmt = 64, 48, 3, rs.format.rgb8
        self._profile = self._sensor.add_video_stream(stream, is_default=True)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def make_pipeline(self):
        pipeline = self._rs.pipeline()
        pipeline.set_device(self._device)
        return pipeline

    def start(self):
        self._thread.start()

    def _send(self):
        number = 0
        while not self._stop.wait(0.05):
            number += 1
            frame = self._rs.software_video_frame()
            frame.pixels = np.full((48, 64, 3), number % 256, np.uint8)
            frame.stride, frame.bpp = 64 * 3, 3
            frame.timestamp = real_time.time() * 1e3
            frame.domain, frame.frame_number = self._rs.timestamp_domain.system_time, number
            frame.profile = self._profile.as_video_stream_profile()
            self._sensor.on_video_frame(frame)

    def stop(self):
        self._stop.set()
        self._thread.join()


def test_real_librealsense_delivers_from_its_simulated_device():
    rs = pytest.importorskip("pyrealsense2", reason="optional hardware", exc_type=ImportError)
    device = SimulatedDevice(rs)
    source = RealSenseSource("top", "", MODE, timeout_s=2.0, library=rs, make_pipeline=device.make_pipeline)
    source.open()
    device.start()
    try:
        frames = [source.read() for _ in range(5)]
    finally:
        device.stop()
        source.close()
    assert all(frame.image.shape == (48, 64, 3) for frame in frames)
    numbers = [int(frame.image[0, 0, 0]) for frame in frames]
    assert numbers == sorted(set(numbers))
    assert 0 <= real_time.monotonic_ns() - frames[-1].capture_ns < 2_000_000_000
