"""Pins `ros2 topic` and `ros2 node` against a running node: texts, exit codes, quality of service."""

import re

import pytest
import yaml

pytestmark = pytest.mark.system


def test_topics_are_listed_with_types(cli):
    code, out, _ = cli("topic", "list", "-t")
    assert code == 0
    assert {"/chatter [std_msgs/msg/String]", "/joint_states [sensor_msgs/msg/JointState]"} <= set(
        out.splitlines()
    )
    assert "_action" not in out


def test_hidden_topics_are_listed_on_request(cli):
    _, out, _ = cli("topic", "list", "-a")
    assert "/arm/follow_joint_trajectory/_action/feedback" in out.splitlines()


def test_verbose_list_counts_both_sides(cli):
    _, out, _ = cli("topic", "list", "-v")
    published, _, subscribed = out.partition("Subscribed topics:")
    assert " * /chatter [std_msgs/msg/String] 1 publisher\n" in published
    assert " * /commands [std_msgs/msg/String] 1 subscriber\n" in subscribed


def test_info_shows_type_counts_and_endpoints(cli):
    code, out, _ = cli("topic", "info", "/joint_states", "-v")
    assert code == 0
    assert out.startswith("Type: sensor_msgs/msg/JointState\n\nPublisher count: 1\n\nNode name: talker\n")
    assert "  Reliability: BEST_EFFORT\n" in out
    assert "Subscription count: 0\n" in out


def test_info_of_unknown_topic_fails(cli):
    code, _, err = cli("topic", "info", "/nothing")
    assert (code, err) == (1, "Unknown topic '/nothing'\n")


def test_type_prints_the_type_or_fails(cli):
    assert cli("topic", "type", "/chatter")[:2] == (0, "std_msgs/msg/String\n")
    assert cli("topic", "type", "/nothing")[0] == 1


@pytest.mark.parametrize("topic", ["/chatter", "chatter", "/latched"])
def test_echo_once_hears_reliable_and_latched_publishers(cli, topic):
    code, out, _ = cli("topic", "echo", topic, "--once")
    assert code == 0
    assert re.fullmatch(r"data: (hello \d+|once)\n---\n", out)


def test_echo_once_hears_best_effort_publishers_and_prints_yaml(cli):
    _, out, _ = cli("topic", "echo", "/joint_states", "--once", "--full-length")
    assert yaml.safe_load(out.removesuffix("---\n"))["position"][3] == 1.5


def test_echo_selects_fields_and_hides_arrays(cli):
    assert cli("topic", "echo", "/joint_states", "--once", "--field", "position[3]")[1] == "1.5\n---\n"
    _, out, _ = cli("topic", "echo", "/joint_states", "--once", "--no-arr")
    assert "position: '<sequence type: double, length: 36>'\n" in out


def test_echo_filters_and_prints_csv(cli):
    _, out, _ = cli("topic", "echo", "/chatter", "--once", "--csv", "--filter", "m.data.endswith('0')")
    assert re.fullmatch(r"hello \d*0\n", out)


def test_echo_with_wrong_field_fails_before_the_first_message(cli):
    code, _, err = cli("topic", "echo", "/chatter", "--field", "dat")
    assert code == 1
    assert "Invalid field 'dat': 'String' object has no attribute 'dat'; it has: data" in err


def test_echo_of_unknown_topic_fails(cli):
    code, _, err = cli("topic", "echo", "/nothing")
    assert code == 1
    assert err == (
        "WARNING: topic [/nothing] does not appear to be published yet\n"
        "Could not determine the type for the passed topic\n"
    )


def test_echo_with_more_than_is_offered_hears_nothing(cli):
    code, _, err = cli(
        "topic", "echo", "/joint_states", "--once", "--qos-reliability", "reliable", "--timeout", "1.5"
    )
    assert code == 1
    assert "No message on '/joint_states' within 1.5 s" in err


def test_interrupted_echo_ends_with_2_and_no_traceback(cli):
    code, out, err = cli.interrupted("topic", "echo", "/chatter", when="---")
    assert (code, "Traceback" in err) == (2, False)
    assert out.startswith("data: hello")


def test_hz_measures_the_rate(cli):
    _, out, _ = cli.interrupted("topic", "hz", "/chatter", "--window", "20", when="std dev")
    match = re.match(
        r"average rate: (\d+\.\d{3})\n\tmin: \d\.\d{3}s max: \d\.\d{3}s std dev: \d\.\d{5}s window: 20\n", out
    )
    assert match
    assert 30.0 < float(match[1]) < 60.0


def test_pub_once_waits_for_its_listener_and_prints_what_it_sends(cli):
    code, out, _ = cli("topic", "pub", "--once", "/commands", "std_msgs/msg/String", "{data: go}")
    assert code == 0
    assert out.endswith("publisher: beginning loop\npublishing #1: std_msgs.msg.String(data='go')\n\n")


def test_pub_times_counts(cli):
    words = (
        "topic",
        "pub",
        "-t",
        "3",
        "-w",
        "0",
        "-r",
        "50",
        "-p",
        "2",
        "/x",
        "std_msgs/msg/String",
        "data: a",
    )
    assert cli(*words)[1].count("publishing #") == 1


def test_pub_gives_up_waiting_when_asked_to(cli):
    code, _, err = cli("topic", "pub", "--once", "/x", "std_msgs/msg/String", "--max-wait-time-secs", "0.3")
    assert code == 1
    assert "Expected 1 subscribers but only got 0" in err


def test_nodes_are_listed_and_described(cli):
    assert cli("node", "list")[:2] == (0, "/talker\n")
    code, out, _ = cli("node", "info", "/talker")
    assert code == 0
    assert out.startswith(
        "/talker\n  Subscribers:\n    /commands: std_msgs/msg/String\n  Publishers:\n    /chatter:"
    )
    assert (
        "  Action Servers:\n    /arm/follow_joint_trajectory: control_msgs/action/FollowJointTrajectory\n"
        in out
    )


def test_info_of_unknown_node_fails(cli):
    code, _, err = cli("node", "info", "/nobody")
    assert (code, err) == (1, "Unable to find node '/nobody'\n")
