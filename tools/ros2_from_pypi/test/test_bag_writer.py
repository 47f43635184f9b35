"""Pins the bag's file: rosbag2's layout as an independent reader sees it, and what an unfinished keeps."""

import errno

import pytest
import yaml
from dexora_ros2cli.bag.metadata import FILE_NAME, ROOT
from dexora_ros2cli.bag.model import BagError, BagTopic
from dexora_ros2cli.bag.reader import Bag
from dexora_ros2cli.bag.writer import BagWriter
from rosbags.rosbag2 import Reader

QOS = {
    "history": "keep_last",
    "depth": 10,
    "reliability": "reliable",
    "durability": "volatile",
    "deadline": {"sec": 9223372036, "nsec": 854775807},
    "lifespan": {"sec": 9223372036, "nsec": 854775807},
    "liveliness": "automatic",
    "liveliness_lease_duration": {"sec": 9223372036, "nsec": 854775807},
    "avoid_ros_namespace_conventions": False,
}
CHATTER = BagTopic("/chatter", "std_msgs/msg/String", "RIHS01_0", "string data\n", "ros2msg", (QOS,))
HELLO = b"\x00\x01\x00\x00\x03\x00\x00\x00hi\x00"
START_NS = 1_700_000_000_000_000_000


class Clock:
    """A monotonic clock that moves when it is told to."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def _write(directory, count, clock=None, topics=(CHATTER,)):
    writer = BagWriter(directory, ros_distro="kilted", clock=clock or Clock())
    for topic in topics:
        writer.add_topic(topic)
    for index in range(count):
        writer.write(
            "/chatter", HELLO, START_NS + index * 10_000_000, START_NS + index * 10_000_000 - 5, index
        )
    return writer


def test_finished_bag_is_read_by_an_independent_reader(tmp_path):
    _write(tmp_path / "bag", 20).close()
    with Reader(tmp_path / "bag") as reader:
        connection = reader.connections[0]
        assert (reader.message_count, reader.duration - 1) == (20, 190_000_000)
        assert (connection.topic, connection.msgtype, connection.msgcount) == (
            "/chatter",
            "std_msgs/msg/String",
            20,
        )
        assert connection.digest == "RIHS01_0"
        assert connection.msgdef.data == "string data\n"
        assert connection.ext.offered_qos_profiles[0].depth == 10
        stamps = [(stamp, data) for _, stamp, data in reader.messages()]
    assert stamps[3] == (START_NS + 30_000_000, HELLO)


def test_metadata_has_the_keys_of_version_9(tmp_path):
    _write(tmp_path / "bag", 2).close()
    info = yaml.safe_load((tmp_path / "bag" / FILE_NAME).read_text())[ROOT]
    assert (info["version"], info["storage_identifier"], info["ros_distro"]) == (9, "mcap", "kilted")
    assert info["relative_file_paths"] == ["bag_0.mcap"]
    assert info["files"][0] == {
        "path": "bag_0.mcap",
        "starting_time": {"nanoseconds_since_epoch": START_NS},
        "duration": {"nanoseconds": 10_000_000},
        "message_count": 2,
    }
    topic = info["topics_with_message_count"][0]
    assert topic["topic_metadata"]["offered_qos_profiles"] == [QOS]
    assert (topic["message_count"], info["message_count"]) == (2, 2)


def test_metadata_writes_equal_profiles_without_anchors(tmp_path):
    other = BagTopic("/other", "std_msgs/msg/String", "", "string data\n", "ros2msg", (QOS,))
    _write(tmp_path / "bag", 1, topics=(CHATTER, other)).close()
    assert "*id" not in (tmp_path / "bag" / FILE_NAME).read_text()


def test_existing_directory_is_refused_and_left_alone(tmp_path):
    (tmp_path / "bag").mkdir()
    with pytest.raises(BagError, match=r"Output folder '.*bag' already exists\. Choose another name with -o"):
        BagWriter(tmp_path / "bag")


def test_message_older_than_the_flush_period_is_on_disk_before_the_bag_is_closed(tmp_path):
    clock = Clock()
    writer = _write(tmp_path / "bag", 10, clock)
    assert Bag(tmp_path / "bag").summary.message_count == 0
    clock.now_s = 0.2
    writer.flush_if_due()
    bag = Bag(tmp_path / "bag")
    assert bag.summary.message_count == 10
    assert [item.path for item in bag.truncated] == ["bag_0.mcap"]


def test_file_cut_anywhere_gives_back_every_whole_chunk(tmp_path):
    clock = Clock()
    writer = BagWriter(tmp_path / "bag", clock=clock)
    writer.add_topic(CHATTER)
    flushed_at = {0: 0}
    for index in range(60):
        clock.now_s += 0.1
        writer.write("/chatter", HELLO, START_NS + index, START_NS + index)
        if writer._oldest_s is None:
            flushed_at[writer.path.stat().st_size] = index + 1
    writer.close()
    content = writer.path.read_bytes()
    step = max(1, len(content) // 200)
    for cut in range(0, len(content), step):
        writer.path.write_bytes(content[:cut])
        (tmp_path / "bag" / FILE_NAME).unlink(missing_ok=True)
        bag = Bag(tmp_path / "bag")
        flushed = max(count for size, count in flushed_at.items() if size <= cut)
        assert bag.summary.message_count >= flushed
        assert bag.summary.message_count in {*flushed_at.values(), 60}
        assert len(list(bag.messages())) == bag.summary.message_count
        assert bag.truncated


def test_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "bag_0.mcap").write_bytes(b"no such thing")
    with pytest.raises(BagError, match="is not an MCAP file"):
        Bag(tmp_path / "bag_0.mcap")


def test_damaged_chunk_ends_the_recovery_before_it(tmp_path):
    clock = Clock()
    writer = _write(tmp_path / "bag", 5, clock)
    clock.now_s = 1.0
    writer.flush_if_due()
    first_end = writer.path.stat().st_size
    writer.write("/chatter", b"\x00\x01\x00\x00" + b"x" * 100, START_NS + 10**9, START_NS + 10**9)
    writer.flush()
    content = bytearray(writer.path.read_bytes())
    content[first_end + 80] ^= 0xFF
    writer.path.write_bytes(content)
    assert Bag(tmp_path / "bag").summary.message_count == 5


def test_write_error_names_the_file_the_cause_and_how_to_read_the_rest(tmp_path, monkeypatch):
    writer = _write(tmp_path / "bag", 1)

    def refuse(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer._mcap, "flush", refuse)
    with pytest.raises(BagError, match=r"bag_0\.mcap': No space left on device.*ros2 bag info .*bag"):
        writer.flush()
    writer.abandon()
    assert not writer.file.is_complete
