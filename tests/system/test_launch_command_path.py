"""Pins that one argument starts the command path with the twin, that it alone commands, and that it ends."""

import pytest

pytestmark = pytest.mark.system

STATE = ("topic", "echo", "--once", "--qos-durability", "transient_local", "/dexora/command/safety_state")


def test_command_path_starts_with_the_twin_and_is_the_controllers_only_publisher(launch):
    launched = launch("mujoco.launch.py", "task:=none", "camera_rate:=0", "command_path:=true")
    launched.ask_until("node", "list", contains=["/command_node", "/watchdog_node", "/preview_node"])
    launched.ask_until(*STATE, contains=["owner: hold", "summary: All is well."])
    info = launched.ask_until(
        "topic", "info", "/left_arm_controller/joint_trajectory", contains=["Publisher count: 1"]
    )
    assert "Subscription count: 1" in info.lines
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []
    assert "Traceback" not in launched.output
