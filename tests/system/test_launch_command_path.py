"""Pins what `mujoco.launch.py` starts: the command path, which alone commands, and an expert before it."""

import pytest

from .launched import SMALL_PICTURES

pytestmark = pytest.mark.system

STATE = ("topic", "echo", "--once", "--qos-durability", "transient_local", "/dexora/command/safety_state")
CHUNK = "/dexora/command/chunk"


def test_command_path_is_the_controllers_only_publisher_and_holds_without_a_source(launch):
    launched = launch("mujoco.launch.py", "task:=none", "camera_rate:=0")
    launched.ask_until("node", "list", contains=["/command_node", "/watchdog_node", "/preview_node"])
    launched.wait_for_output("[command_node]: All is well.")
    launched.ask_until(*STATE, contains=["owner: hold", "is_moving: false"])
    info = launched.ask_until(
        "topic", "info", "/left_arm_controller/joint_trajectory", contains=["Publisher count: 1"]
    )
    assert "Subscription count: 1" in info.lines
    launched.ask_until("topic", "info", CHUNK, contains=["Publisher count: 0"])
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []
    assert "Traceback" not in launched.output


def test_expert_of_the_default_task_moves_the_robot_through_the_command_path(launch):
    launched = launch("mujoco.launch.py", "expert:=true", *SMALL_PICTURES)
    launched.wait_for_output("expert_node asked for policy: policy owns the robot")
    launched.ask_until(*STATE, contains=["owner: policy", "is_moving: true"])
    launched.ask_until("topic", "info", CHUNK, contains=["Publisher count: 1", "Subscription count: 1"])
    info = launched.ask("topic", "info", "/right_hand_controller/joint_trajectory")
    assert "Publisher count: 1" in info.lines, "command_node alone commands the controllers"
    launched.wait_for_output("success after", timeout_s=120.0)
    assert "[command_node]: All is well." in launched.output
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []
    assert "Traceback" not in launched.output


def test_robot_in_a_namespace_has_a_command_path_and_a_time_of_its_own(launch):
    words = ("namespace:=robot2", "task:=reach", "expert:=true", "episodes:=1", "camera_rate:=0")
    launched = launch("mujoco.launch.py", *words)
    assert launched.wait(180.0) == 0, launched.output
    assert "[robot2.command_node]: All is well." in launched.output
    assert "1 of 1 so far" in launched.output
    assert launched.survivors() == []
