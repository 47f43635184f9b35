"""Pins the V4L2 source against a device with the states of a real one. Not run on hardware."""

import av
import numpy as np
import pytest
from dexora_core.errors import HardwareError
from dexora_perception.sources import CameraLostError, Clocks
from dexora_perception.sources.av_stream import AvStream, rgb
from dexora_perception.sources.source import Mode
from dexora_perception.sources.v4l2_source import V4l2Source
from fake_v4l2 import FakeCamera, Time

MODE = Mode(64, 48, 20.0)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def camera(time):
    return FakeCamera(time)


def source_of(camera, **options):
    time = camera.time
    clocks = Clocks(lambda: time.now_ns, lambda: time.now_ns + 7, time.sleep)
    return V4l2Source("top", "/dev/video9", MODE, clocks=clocks, open_container=camera.open, **options)


def opened(camera, **options):
    source = source_of(camera, **options)
    source.open()
    return source


def test_ffmpeg_of_this_environment_reads_v4l2():
    assert "v4l2" in " ".join(av.formats_available)


def test_device_is_asked_for_size_rate_and_format_without_blocking(camera):
    opened(camera, pixel_format="mjpeg")
    assert camera.opened_with == [
        (
            "/dev/video9",
            "v4l2",
            {
                "video_size": "64x48",
                "framerate": "20",
                "fflags": "nonblock",
                "timestamps": "default",
                "input_format": "mjpeg",
            },
        )
    ]


def test_picture_carries_the_capture_time_of_the_kernel(camera, time):
    source = opened(camera)
    frame = source.read()
    assert frame.image.shape == (48, 64, 3)
    assert 0 <= time.now_ns - frame.capture_ns <= 5_000_000
    np.testing.assert_array_equal(frame.image, camera.pixels(1))


def test_slow_reader_gets_the_newest_picture_that_the_driver_has(camera, time):
    source = opened(camera)
    source.read()
    time.sleep(0.16)
    np.testing.assert_array_equal(source.read().image, camera.pixels(camera.taken))
    assert camera.taken == 4


def test_stamp_of_another_clock_is_replaced_by_the_arrival(camera, time):
    camera.stamp_offset_ns = -500_000_000_000
    assert opened(camera).read().capture_ns == time.now_ns


def test_stamp_of_the_future_is_not_later_than_the_arrival(camera, time):
    camera.stamp_offset_ns = 3_000_000_000
    assert opened(camera).read().capture_ns == time.now_ns


def test_absent_device_is_refused_with_what_was_asked_for(camera):
    camera.is_plugged = False
    expected = r"DX-CAM-006: Camera top cannot be opened: /dev/video9 as 64x48 at 20 Hz: .*No such file"
    with pytest.raises(HardwareError, match=expected):
        opened(camera)


def test_device_in_use_is_refused(camera):
    camera.is_busy = True
    with pytest.raises(HardwareError, match=r"DX-CAM-006.*Device or resource busy"):
        opened(camera)


def test_driver_that_picks_another_size_is_refused_and_let_go(time):
    camera = FakeCamera(time, size=(640, 480))
    with pytest.raises(HardwareError, match=r"/dev/video9 delivers 640x480, asked for were 64x48"):
        opened(camera)
    assert camera.streams == 0


def test_pulled_plug_is_a_loss(camera, time):
    source = opened(camera)
    source.read()
    camera.is_plugged = False
    time.sleep(0.1)
    with pytest.raises(CameraLostError, match=r"DX-CAM-005: Camera top is lost: /dev/video9.*No such device"):
        source.read()
    source.close()
    assert camera.streams == 0


def test_silence_is_a_loss_after_the_timeout(camera, time):
    source = opened(camera, timeout_s=0.5)
    source.read()
    camera.is_silent = True
    begin_ns = time.now_ns
    with pytest.raises(CameraLostError, match=r"no picture within 0.5 s"):
        source.read()
    assert 0.5e9 <= time.now_ns - begin_ns <= 0.51e9


def test_damaged_pictures_are_left_out(camera, time):
    source = opened(camera)
    source.read()
    camera.is_damaged = True
    time.sleep(0.12)
    camera.is_damaged = False
    np.testing.assert_array_equal(source.read().image, camera.pixels(camera.taken))


def test_camera_that_sends_damage_only_is_a_loss(camera):
    camera.is_damaged = True
    source = opened(camera, timeout_s=0.5)
    with pytest.raises(CameraLostError, match="no picture within"):
        source.read()


def test_camera_can_be_closed_twice_and_opened_again(camera, time):
    source = opened(camera)
    source.close()
    source.close()
    source.open()
    assert source.read().image.shape == (48, 64, 3)


def test_real_device_input_of_ffmpeg_delivers_rgb():
    """The same path through a device that FFmpeg itself simulates."""
    stream = AvStream("testsrc2=size=64x48:rate=20", "lavfi")
    assert stream.size == (64, 48)
    (frame, *_) = stream.decode(stream.packet())
    picture = rgb(frame)
    assert (picture.shape, picture.dtype) == ((48, 64, 3), np.uint8)
    assert picture.std() > 20
    stream.close()


def test_red_is_red():
    stream = AvStream("color=c=red:size=32x32:rate=20", "lavfi")
    (frame, *_) = stream.decode(stream.packet())
    red, green, blue = rgb(frame).reshape(-1, 3).mean(axis=0)
    stream.close()
    assert red > 240
    assert max(green, blue) < 15
