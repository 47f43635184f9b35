"""Pins messages as text and text as messages: cutting, types, names of wrong fields, `now` and `auto`."""

import pytest
from dexora_ros2cli.definition import nested_type, without_comment
from dexora_ros2cli.discovery import participants_on_host
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.field import field_reader
from dexora_ros2cli.message_in import fill, parse_values
from dexora_ros2cli.message_out import Style, to_csv, to_yaml
from dexora_ros2cli.types import load_type
from dexora_ros2cli.verbs.topic_hz import RateMeter
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CameraInfo, JointState
from std_msgs.msg import Bool, ByteMultiArray, String
from visualization_msgs.msg import MarkerArray

PORT_TABLE = """  sl  local_address rem_address   st tx_queue rx_queue
 1: 00000000:326E 00000000:0000 07
 2: 00000000:326F 00000000:0000 07
 3: 0100007F:3270 00000000:0000 07
 4: 00000000:1CFC 00000000:0000 07
"""


def _filled(message, text):
    fill(message, parse_values(text))
    return message


def test_yaml_keeps_the_order_of_the_fields():
    text = to_yaml(JointState(name=["a"], position=[0.5]))
    assert text.splitlines()[-5:] == ["- a", "position:", "- 0.5", "velocity: []", "effort: []"]


def test_long_arrays_and_strings_are_cut_with_dots():
    assert to_yaml(JointState(position=[1.0, 2.0, 3.0]), Style(truncate_length=2)).count("- '...'") == 1
    assert to_yaml(String(data="x" * 10), Style(truncate_length=3)) == "data: xxx...\n"


def test_fixed_arrays_read_as_lists():
    assert "- 0.0\n" in to_yaml(CameraInfo())


def test_no_arr_shows_types_and_lengths():
    text = to_yaml(CameraInfo(d=[0.0] * 5), Style(no_arr=True))
    assert "d: '<sequence type: double, length: 5>'" in text
    assert "k: '<array type: double[9]>'" in text


def test_csv_flattens_nested_fields():
    assert to_csv(PoseStamped()) == "0,0,,0.0,0.0,0.0,0.0,0.0,0.0,1.0"


def test_values_are_set_in_nested_messages_and_lists_of_messages():
    message = _filled(MarkerArray(), "{markers: [{ns: a, pose: {position: {x: 1}}, points: [{y: 2}]}]}")
    assert (message.markers[0].ns, message.markers[0].pose.position.x) == ("a", 1.0)
    assert message.markers[0].points[0].y == 2.0


def test_numbers_become_what_the_field_needs():
    assert list(_filled(JointState(), "{position: [1, 2]}").position) == [1.0, 2.0]
    assert _filled(String(), "{data: 5}").data == "5"
    assert list(_filled(CameraInfo(), "{k: [1,2,3,4,5,6,7,8,9]}").k)[8] == 9.0
    assert _filled(ByteMultiArray(), "{data: [1, 2]}").data == [b"\x01", b"\x02"]


def test_header_auto_and_stamp_now_take_the_present_time():
    assert _filled(PoseStamped(), "{header: auto}").header.stamp.sec > 0
    assert _filled(PoseStamped(), "{header: {stamp: now}}").header.stamp.sec > 0


@pytest.mark.parametrize(
    ("message", "text", "error"),
    [
        (String, "{dat: hi}", "'String' object has no attribute 'dat'; it has: data"),
        (JointState, "{position: 5}", "'position' (sequence<double>) does not take 5"),
        (PoseStamped, "{pose: 5}", "'Pose' needs a dictionary, got 5"),
        (Bool, "{data: 'yes, please'}", "true or false is needed"),
        (CameraInfo, "{height: -1}", "'height' (uint32) does not take -1"),
    ],
)
def test_wrong_values_name_the_field(message, text, error):
    with pytest.raises(CliError) as raised:
        fill(message(), parse_values(text))
    assert "Failed to populate field: " in str(raised.value)
    assert error in str(raised.value)


@pytest.mark.parametrize("text", ["[1, 2]", "hello", "{a: "])
def test_values_must_be_a_yaml_dictionary(text):
    with pytest.raises(CliError, match="YAML"):
        parse_values(text)


def test_fields_are_read_by_path_and_index():
    message = JointState(position=[0.1, 0.2])
    assert field_reader("position[1]")(message) == 0.2
    assert field_reader("position[5]")(message) is None
    assert field_reader("header.stamp.sec")(message) == 0
    with pytest.raises(
        CliError, match=r"Invalid field 'header\.x': 'Header' object has no attribute 'x'; it has: stamp"
    ):
        field_reader("header.x")(message)
    with pytest.raises(CliError, match="neither a name nor"):
        field_reader("a b")


def test_types_load_in_both_spellings_and_name_what_is_wrong():
    assert load_type("std_msgs/msg/String", "msg") is load_type("std_msgs/String", "msg")
    assert load_type("control_msgs/action/FollowJointTrajectory_FeedbackMessage", "msg")().feedback.index == 0
    with pytest.raises(CliError, match="package 'nowhere' has no built msg types"):
        load_type("nowhere/msg/String", "msg")
    with pytest.raises(CliError, match="'std_msgs/msg/Strin' does not exist; std_msgs has: Bool"):
        load_type("std_msgs/msg/Strin", "msg")
    with pytest.raises(CliError, match="not of the form package/srv/Name"):
        load_type("std_msgs", "srv")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("std_msgs/Header header  # a", "std_msgs/msg/Header"),
        ("Point[] points", "pkg/msg/Point"),
        ("JointTolerance[<=3] path", "pkg/msg/JointTolerance"),
        ("float64[9] k", None),
        ("string<=5 name 'a # b'", None),
        ("uint8 DEBUG=1", None),
        ("# Point p", None),
        ("---", None),
    ],
)
def test_nested_types_are_found_in_definition_lines(line, expected):
    assert nested_type(line, "pkg") == expected


def test_hash_sign_inside_quotes_is_text():
    assert without_comment("string a '#x' # b") == "string a '#x'"


def test_participants_are_counted_by_their_ports():
    assert participants_on_host(22, PORT_TABLE) == 2
    assert participants_on_host(0, PORT_TABLE) == 1
    assert participants_on_host(1, PORT_TABLE) == 0


def test_rate_is_reported_once_per_second_of_messages():
    meter = RateMeter(window=100)
    for index in range(11):
        meter.add(index * 100_000_000)
    assert meter.report() == "average rate: 10.000\n\tmin: 0.100s max: 0.100s std dev: 0.00000s window: 10"
    assert meter.report() is None


def test_rate_starts_again_when_time_jumps_back():
    meter = RateMeter(window=100)
    meter.add(10**12)
    meter.add(0)
    meter.add(2 * 10**9)
    assert meter.report() == "average rate: 0.500\n\tmin: 2.000s max: 2.000s std dev: 0.00000s window: 1"
