"""Pins the thread between callbacks and disk: nothing is lost silently, disk errors reach the owner."""

import struct
import threading
from pathlib import Path

import pytest
from dexora_ros2cli.bag.model import BagError, BagTopic
from dexora_ros2cli.bag.pipeline import MINIMUM_FREE_BYTES, WriterThread
from dexora_ros2cli.bag.reader import Bag
from dexora_ros2cli.bag.selection import Selection
from dexora_ros2cli.bag.writer import BagWriter

TOPIC = BagTopic("/t", "std_msgs/msg/Empty", "", "", "ros2msg")


def _thread(path: Path, **options) -> WriterThread:
    return WriterThread(BagWriter(path), **options)


def test_everything_put_before_stop_is_in_the_bag(tmp_path):
    sink = _thread(tmp_path / "bag")
    sink.start()
    sink.add_topic(TOPIC)
    for index in range(1000):
        sink.put("/t", b"\x00\x01\x00\x00", 1 + index, 1 + index)
    summary = sink.stop()
    assert (summary.message_count, sink.dropped, sink.error) == (1000, 0, None)
    assert Bag(tmp_path / "bag").summary.message_count == 1000


def test_full_cache_drops_and_counts(tmp_path):
    sink = _thread(tmp_path / "bag", cache_bytes=100)
    sink.add_topic(TOPIC)
    for index in range(10):  # the thread does not run yet: as if the disk stalled
        sink.put("/t", b"x" * 60, 1 + index, 1 + index)
    sink.start()
    assert sink.stop().message_count == 2
    assert sink.dropped == 8


def test_failing_disk_is_kept_as_error_and_what_was_flushed_stays_readable(tmp_path, monkeypatch):
    writer = BagWriter(tmp_path / "bag")
    sink = WriterThread(writer)
    failed = threading.Event()
    real = writer._mcap.add_message

    def refuse(channel, log_ns, *rest):
        if log_ns > 5:
            failed.set()
            raise OSError(28, "No space left on device")
        real(channel, log_ns, *rest)
        writer._mcap.flush()

    monkeypatch.setattr(writer._mcap, "add_message", refuse)
    sink.start()
    sink.add_topic(TOPIC)
    for index in range(10):
        sink.put("/t", b"\x00\x01\x00\x00", 1 + index, 1 + index)
    assert failed.wait(5.0)
    sink.stop()
    assert "No space left on device" in str(sink.error)
    assert Bag(tmp_path / "bag").summary.message_count == 5


def test_low_free_space_is_refused_at_the_start_with_both_numbers(tmp_path):
    sink = _thread(tmp_path / "bag", free=lambda _: 10 * 2**20)
    with pytest.raises(BagError, match=r"has 10 MiB left, less than the 64 MiB that a recording needs"):
        sink.start()


def test_low_free_space_while_recording_finishes_the_bag(tmp_path, monkeypatch):
    monkeypatch.setattr("dexora_ros2cli.bag.pipeline.SPACE_PERIOD_S", 0.0)
    answers = iter([MINIMUM_FREE_BYTES, MINIMUM_FREE_BYTES])
    sink = _thread(tmp_path / "bag", free=lambda _: next(answers, 0))
    sink.add_topic(TOPIC)
    sink.put("/t", b"\x00\x01\x00\x00", 1, 1)
    sink.start()
    sink._thread.join(5.0)
    assert "MiB left" in str(sink.error)
    sink.stop()
    bag = Bag(tmp_path / "bag")
    assert (bag.summary.message_count, bag.truncated) == (1, [])


def test_bag_removed_while_recording_ends_the_recording_and_says_so(tmp_path):
    def gone(directory: Path) -> int:
        raise FileNotFoundError(2, "No such file or directory", str(directory))

    sink = _thread(tmp_path / "bag")
    sink.start()
    sink._free, sink._next_space_check_s = gone, 0.0
    sink._thread.join(5.0)
    assert "cannot be reached any more: No such file or directory" in str(sink.error)
    sink.stop()


def test_any_other_failure_of_the_thread_is_kept_as_error_with_its_type(tmp_path, monkeypatch):
    writer = BagWriter(tmp_path / "bag")
    sink = WriterThread(writer)

    def fail(*_):
        raise struct.error("int too large")

    monkeypatch.setattr(writer._mcap, "add_message", fail)
    sink.start()
    sink.add_topic(TOPIC)
    sink.put("/t", b"\x00\x01\x00\x00", 1, 1)
    sink._thread.join(5.0)
    assert "error: int too large. What was written before can be read: ros2 bag info" in str(sink.error)
    sink.stop()


@pytest.mark.parametrize(
    ("selection", "topic", "expected"),
    [
        (Selection(is_all=True), "/a", True),
        (Selection(is_all=True), "/a/_action/status", False),
        (Selection(is_all=True, include_hidden=True), "/a/_action/status", True),
        (Selection(topics=("/a/_action/status",)), "/a/_action/status", True),
        (Selection(topics=("/a",)), "/b", False),
        (Selection(regex="cam.*"), "/top/camera", True),
        (Selection(is_all=True, exclude_regex="camera"), "/top/camera", False),
        (Selection(is_all=True, exclude_topics=("/a",)), "/a", False),
        (Selection(topic_types=("std_msgs/msg/Empty",)), "/a", True),
        (Selection(is_all=True, exclude_types=("std_msgs/msg/Empty",)), "/a", False),
    ],
)
def test_selection_takes_what_its_rules_say(selection, topic, expected):
    assert selection.accepts(topic, "std_msgs/msg/Empty") is expected


def test_bad_expression_is_named():
    with pytest.raises(BagError, match=r"'\(' is not a regular expression"):
        Selection(regex="(").check()
