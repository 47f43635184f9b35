"""Pins services, actions, parameters and lifecycle against a running node."""

import re
import signal

import pytest
import yaml

pytestmark = pytest.mark.system
ACTION = ("/arm/follow_joint_trajectory", "control_msgs/action/FollowJointTrajectory")


def test_services_are_listed_with_types(cli):
    _, out, _ = cli("service", "list", "-t")
    assert "/switch [std_srvs/srv/SetBool]" in out.splitlines()
    assert cli("service", "type", "/switch")[1] == "std_srvs/srv/SetBool\n"


def test_service_call_prints_request_and_response(cli):
    code, out, _ = cli("service", "call", "/switch", "std_srvs/srv/SetBool", "{data: true}")
    assert code == 0
    assert out.endswith(
        "requester: making request: std_srvs.srv.SetBool_Request(data=True)\n\n"
        "response:\nstd_srvs.srv.SetBool_Response(success=True, message='done')\n\n"
    )


def test_service_call_with_wrong_field_fails(cli):
    code, _, err = cli("service", "call", "/switch", "std_srvs/srv/SetBool", "{enabled: true}")
    assert code == 1
    assert (
        "Failed to populate field: 'SetBool_Request' object has no attribute 'enabled'; it has: data" in err
    )


def test_actions_are_listed_and_described(cli):
    assert cli("action", "list", "-t")[1] == f"{ACTION[0]} [{ACTION[1]}]\n"
    _, out, _ = cli("action", "info", ACTION[0])
    assert out == f"Action: {ACTION[0]}\nAction clients: 0\nAction servers: 1\n    /talker\n"


def test_goal_with_feedback_runs_to_its_result(cli):
    code, out, _ = cli("action", "send_goal", "-f", *ACTION, "{trajectory: {joint_names: [a]}}")
    assert code == 0
    assert out.startswith(
        "Waiting for an action server to become available...\nSending goal:\n     trajectory:\n"
    )
    assert re.search(r"^Goal accepted with ID: [0-9a-f]{32}\n\n", out, re.MULTILINE)
    assert out.count("Feedback:\n    header:\n") == 3
    assert out.endswith("error_string: done\n\nGoal finished with status: SUCCEEDED\n")


def test_refused_goal_says_so(cli):
    code, out, _ = cli("action", "send_goal", *ACTION)
    assert code == 0
    assert out.endswith("Goal was rejected.\n")


def test_interrupted_goal_is_cancelled(cli):
    goal = "{trajectory: {joint_names: [a]}, goal_time_tolerance: {sec: 10}}"
    code, out, _ = cli.interrupted("action", "send_goal", *ACTION, goal, when="Goal accepted")
    assert code == 2
    assert out.endswith("Canceling goal...\nGoal canceled.\n")


def test_parameters_are_listed_and_read(cli):
    code, out, _ = cli("param", "list", "/talker", "--param-type")
    assert code == 0
    assert {"  gain (type: double)", "  names (type: string array)"} <= set(out.splitlines())
    assert "/talker:\n  gain\n" in cli("param", "list")[1]
    assert cli("param", "get", "/talker", "names")[1] == "String values are: ['a', 'b']\n"


def test_set_parameter_takes_effect_and_bounds_are_reported(cli):
    assert cli("param", "set", "/talker", "gain", "0.5")[:2] == (0, "Set parameter successful\n")
    assert cli("param", "get", "talker", "gain", "--hide-type")[1] == "0.5\n"
    code, _, err = cli("param", "set", "/talker", "gain", "5.0")
    assert code == 0
    assert err.startswith("Setting parameter failed: ")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("param", "get", "/nobody", "x"), "Node not found\n"),
        (("param", "get", "/talker", "nothing"), "Parameter not set\n"),
        (("service", "call", "/a b", "std_srvs/srv/Empty"), "name '/a b' is invalid"),
        (("topic", "pub", "-n", "a/b", "/x", "std_msgs/msg/Empty"), "Invalid node name"),
        (("param", "set", "/talker", "gain"), "Got 1 argument(s)"),
        (("lifecycle", "get", "/nobody"), "Node not found\n"),
        (("lifecycle", "set", "/talker", "fly"), "Unknown transition requested, available ones are:\n- "),
    ],
)
def test_what_does_not_exist_ends_with_1(cli, words, text):
    code, _, err = cli(*words)
    assert code == 1
    assert text in err


def test_dump_is_a_parameter_file(cli):
    _, out, _ = cli("param", "dump", "/talker")
    parameters = yaml.safe_load(out)["/talker"]["ros__parameters"]
    assert (parameters["limits"], parameters["names"]) == ({"lower": -1}, ["a", "b"])


def test_describe_shows_type_text_and_bounds(cli):
    _, out, _ = cli("param", "describe", "/talker", "gain")
    assert out.splitlines()[:3] == ["Parameter name: gain", "  Type: double", "  Description: a gain"]
    assert "    Max value: 2.0" in out


def test_lifecycle_is_read_and_changed(cli):
    assert cli("lifecycle", "nodes")[1] == "/talker\n"
    assert (
        "- configure [1]\n\tStart: unconfigured\n\tGoal: configuring\n"
        in cli("lifecycle", "list", "/talker")[1]
    )
    assert cli("lifecycle", "set", "/talker", "configure")[:2] == (0, "Transitioning successful\n")
    assert cli("lifecycle", "get")[1] == "/talker: inactive [2]\n"
    assert cli("lifecycle", "set", "/talker", "cleanup")[0] == 0


def test_terminated_wait_for_a_service_ends_without_a_word_of_the_middleware(cli):
    process = cli.start("service", "call", "/nobody", "std_srvs/srv/Empty")
    assert "waiting for service" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 2
    assert "context is invalid" not in out + err
