"""Pins the text of `ros2 bag info` and the definitions that a bag carries."""

import subprocess
import sys

import pytest
from dexora_ros2cli.bag.definitions import full_definition, type_hash
from dexora_ros2cli.bag.info_text import info_text, size_text
from dexora_ros2cli.bag.model import BagError, BagSummary, BagTopic, FileSummary
from dexora_ros2cli.bag.reader import Bag
from dexora_ros2cli.bag.scan import Prefix


def test_info_shows_the_rows_of_the_original(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    start = 1_791_341_976_116_582_550
    item = FileSummary("t_0.mcap", start, start + 4_999_887_495, {"/a": 6, "/b": 0}, 5530)
    topics = [BagTopic("/a", "std_msgs/msg/Int64"), BagTopic("/b", "std_msgs/msg/Int64")]
    lines = info_text(BagSummary([item], topics, "kilted")).splitlines()
    assert lines[1:6] == [
        "Files:             t_0.mcap",
        "Bag size:          5.4 KiB",
        "Storage id:        mcap",
        "ROS Distro:        kilted",
        "Duration:          4.999887495s",
    ]
    assert lines[6].endswith(".116582550 (1791341976.116582550)")
    assert lines[8:11] == [
        "Messages:          6",
        "Topic information: Topic: /a | Type: std_msgs/msg/Int64 | Count: 6 | Serialization Format: cdr",
        "                   Topic: /b | Type: std_msgs/msg/Int64 | Count: 0 | Serialization Format: cdr",
    ]


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 * 2**30, "3.0 GiB")]
)
def test_size_uses_the_largest_unit(size, text):
    assert size_text(size) == text


def test_definition_carries_everything_it_depends_on_once():
    text, encoding = full_definition("geometry_msgs/msg/PoseStamped")
    assert encoding == "ros2msg"
    parts = text.split("=" * 80 + "\n")
    assert [part.splitlines()[0] for part in parts[1:]] == [
        "MSG: std_msgs/Header",
        "MSG: geometry_msgs/Pose",
        "MSG: builtin_interfaces/Time",
        "MSG: geometry_msgs/Point",
        "MSG: geometry_msgs/Quaternion",
    ]


def test_unknown_definition_is_empty_so_that_readers_ask_for_the_package():
    assert full_definition("nowhere/msg/Nothing") == ("", "")
    assert type_hash("nowhere/msg/Nothing") == ""


def test_hash_is_that_of_the_installed_type():
    assert type_hash("std_msgs/msg/String") == (
        "RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"
    )


def test_missing_bag_is_an_error_with_its_path(tmp_path):
    with pytest.raises(BagError, match=r"Bag path '.*nothing' does not exist!"):
        Bag(tmp_path / "nothing")


def test_directory_without_a_bag_is_an_error(tmp_path):
    with pytest.raises(
        BagError, match=r"Could not find metadata for bag: .* neither metadata\.yaml nor an MCAP"
    ):
        Bag(tmp_path)


def test_other_storage_needs_an_installed_ros(tmp_path):
    (tmp_path / "metadata.yaml").write_text("rosbag2_bagfile_information: {storage_identifier: sqlite3}")
    with pytest.raises(BagError, match=r"the storage 'sqlite3' of bag .* needs an installed ROS 2"):
        Bag(tmp_path)


def test_prefix_ends_where_it_should(tmp_path):
    (tmp_path / "f").write_bytes(b"0123456789")
    with Prefix(tmp_path / "f", 4) as stream:
        assert stream.read() == b"0123"


def test_writing_and_reading_need_no_middleware():
    code = (
        "import sys; from dexora_ros2cli.bag import pipeline, reader, selection; "
        "sys.exit('rclpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
