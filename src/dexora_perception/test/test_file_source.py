"""Pins the video file as a camera on real files: its pace, its end, what is refused."""

from itertools import pairwise

import pytest
from dexora_core.errors import HardwareError
from dexora_perception.sources import Clocks, SourceEndedError
from dexora_perception.sources.file_source import FileSource
from dexora_perception.sources.source import Mode
from fake_v4l2 import Time
from video_cases import number_of, write_video

MODE = Mode(64, 48, 20.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("video") / "ten.mp4")


@pytest.fixture
def time():
    return Time()


def opened(path, time, **options):
    clocks = Clocks(lambda: time.now_ns, lambda: time.now_ns, time.sleep)
    source = FileSource("top", str(path), MODE, clocks=clocks, **options)
    source.open()
    return source


def test_pictures_come_in_order_at_the_pace_of_the_file(video, time):
    begin_ns = time.now_ns
    source = opened(video, time)
    frames = [source.read() for _ in range(10)]
    assert [number_of(frame.image) for frame in frames] == list(range(10))
    assert [frame.capture_ns - begin_ns for frame in frames] == [50_000_000 * k for k in range(10)]
    assert time.now_ns == frames[-1].capture_ns


def test_slow_reader_skips_to_the_newest(video, time):
    source = opened(video, time)
    source.read()
    time.sleep(0.22)
    frame = source.read()
    assert number_of(frame.image) == 4
    assert 0 <= time.now_ns - frame.capture_ns < 50_000_000


def test_reader_that_is_far_too_late_gets_a_picture_of_now(video, time):
    source = opened(video, time)
    source.read()
    time.sleep(3.0)
    assert source.read().capture_ns == time.now_ns
    begin_ns = time.now_ns
    source.read()
    assert time.now_ns - begin_ns == 50_000_000


def test_file_begins_again_without_a_break(video, time):
    source = opened(video, time)
    frames = [source.read() for _ in range(21)]
    assert [number_of(frame.image) for frame in frames] == [*range(10), *range(10), 0]
    steps = {later.capture_ns - frame.capture_ns for frame, later in pairwise(frames)}
    assert steps == {50_000_000}


def test_file_ends_where_it_shall_not_begin_again(video, time):
    source = opened(video, time, loops=False)
    for _ in range(10):
        source.read()
    with pytest.raises(SourceEndedError, match=r"ten.mp4 has come to its end; set loop to begin again"):
        source.read()


def test_missing_file_is_refused(tmp_path, time):
    with pytest.raises(HardwareError, match=r"DX-CAM-006: Camera top cannot.*none.mp4.*No such file"):
        opened(tmp_path / "none.mp4", time)


def test_file_of_another_size_is_refused(tmp_path, time):
    path = write_video(tmp_path / "large.mp4", count=2, height=96, width=128)
    with pytest.raises(HardwareError, match=r"large.mp4 delivers 128x96, asked for were 64x48"):
        opened(path, time)


def test_file_that_is_no_video_is_refused(tmp_path, time):
    path = tmp_path / "text.mp4"
    path.write_text("this is no video")
    with pytest.raises(HardwareError, match=r"DX-CAM-006.*text.mp4.*Invalid data"):
        opened(path, time)
