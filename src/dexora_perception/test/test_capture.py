"""Pins the capture of a camera: nothing made up, loss and return, growing delays, one report per change."""

import pytest
from dexora_perception.capture import Backoff, Capture
from dexora_perception.sources import Clocks, SourceEndedError
from dexora_perception.sources.source import Mode
from dexora_perception.sources.v4l2_source import V4l2Source
from fake_v4l2 import FakeCamera, Time


class Rig:
    """A capture of a fake camera, run on the test's thread; `events` happen while it waits or delivers."""

    def __init__(self):
        self.time = Time()
        self.camera = FakeCamera(self.time)
        clocks = Clocks(lambda: self.time.now_ns, lambda: self.time.now_ns, self.time.sleep)
        self.source = V4l2Source(
            "top",
            "/dev/video9",
            Mode(64, 48, 20.0),
            timeout_s=0.5,
            clocks=clocks,
            open_container=self.camera.open,
        )
        self.source.open()
        self.frames, self.reports, self.delays = [], [], []
        self.on_frame = self.on_wait = lambda: None
        self.capture = Capture(self.source, self._deliver, self.reports.append, Backoff(longest_s=1.0))

    def _deliver(self, frame):
        self.frames.append(frame)
        self.on_frame()

    def _wait(self, seconds):
        self.delays.append(seconds)
        self.time.sleep(seconds)
        self.on_wait()
        return False

    def run(self):
        self.capture.run(self._wait)

    def stop_after(self, count):
        if len(self.frames) >= count:
            self.capture.stop()


@pytest.fixture
def rig():
    return Rig()


def test_pictures_go_straight_on(rig):
    rig.on_frame = lambda: rig.stop_after(5)
    rig.run()
    stamps = [frame.capture_ns for frame in rig.frames]
    assert len(set(stamps)) == 5
    assert rig.capture.state.pictures == 5
    assert rig.reports == []


def test_camera_that_was_pulled_is_opened_again_with_growing_delays(rig):
    def on_frame():
        rig.camera.is_plugged = len(rig.frames) != 3
        rig.stop_after(6)

    def on_wait():
        rig.camera.is_plugged = len(rig.delays) == 5

    rig.on_frame, rig.on_wait = on_frame, on_wait
    rig.run()
    assert rig.delays == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert len(rig.frames) == 6
    assert rig.capture.state.losses == 1
    assert rig.capture.state.trouble == ""
    lost, absent, back = rig.reports
    assert "DX-CAM-005" in lost
    assert "DX-CAM-006" in absent
    assert back == ""


def test_nothing_is_delivered_while_there_is_no_camera(rig):
    def on_wait():
        if len(rig.delays) == 6:
            rig.capture.stop()

    rig.camera.is_silent = True
    rig.on_wait = on_wait
    rig.run()
    assert rig.frames == []
    assert rig.capture.state.attempts == 6
    assert rig.reports == [rig.capture.state.trouble]


def test_delays_begin_again_after_a_picture(rig):
    def on_frame():
        rig.camera.is_plugged = len(rig.frames) not in {2, 4}
        rig.stop_after(6)

    def on_wait():
        rig.camera.is_plugged = True

    rig.on_frame, rig.on_wait = on_frame, on_wait
    rig.run()
    assert rig.delays == [0.2, 0.2]
    assert rig.capture.state.losses == 2


def test_camera_that_comes_back_with_another_size_is_refused_until_it_is_right(rig):
    def on_frame():
        rig.camera.is_plugged = len(rig.frames) != 1
        rig.stop_after(2)

    def on_wait():
        rig.camera.is_plugged = True
        rig.camera.size = (32, 24) if len(rig.delays) == 1 else (64, 48)

    rig.on_frame, rig.on_wait = on_frame, on_wait
    rig.run()
    assert "delivers 32x24, asked for were 64x48" in rig.reports[1]
    assert rig.frames[1].image.shape == (48, 64, 3)


def test_end_of_a_file_ends_the_capture(rig):
    class Ended:
        def read(self):
            raise SourceEndedError("it has come to its end")

    capture = Capture(Ended(), rig.frames.append, rig.reports.append, Backoff(1.0))
    capture.run()
    assert capture.state.is_over
    assert rig.reports == ["it has come to its end"]


def test_thread_ends_when_it_is_told(rig):
    rig.on_frame = lambda: rig.time.sleep(0.01)
    rig.capture.start()
    thread = rig.capture._thread
    rig.capture.stop()
    assert not thread.is_alive()
