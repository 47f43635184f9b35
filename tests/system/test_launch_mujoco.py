"""Pins what the `ros2` command shows of `mujoco.launch.py`: nodes, topics, states, and a bag of them."""

from __future__ import annotations

import re
import signal
import time

import pytest
import yaml
from dexora_core.contract import load_contract

from dexora_description import contract_path

from .launched import WORLD_ALONE, answer_of, free_domain

pytestmark = pytest.mark.system
CONTRACT = load_contract(contract_path())
BAG_S = 2.0


@pytest.fixture(scope="module")
def robot(module_launch):
    launched = module_launch("mujoco.launch.py", *WORLD_ALONE)
    launched.ask_until("topic", "list", contains=["/joint_states", "/tf", "/dexora/camera/top/image_raw"])
    return launched


@pytest.fixture(scope="module")
def bag(robot):
    """Return the path of two seconds of joint states, and what the recorder said at its end."""
    path = robot.directory / "bag"
    recorder = robot.start("bag", "record", "-o", path, "--topics", "/joint_states")
    while "Subscribed to topic '/joint_states'" not in (line := recorder.stderr.readline()):
        assert line, "the recorder ended before it found its topic"
    begin_s = time.monotonic()
    while time.monotonic() - begin_s < BAG_S:
        robot.ask("topic", "echo", "--once", "/clock")
    recorder.send_signal(signal.SIGINT)
    return path, answer_of(recorder)


def test_all_nodes_are_listed(robot):
    answer = robot.ask_until("node", "list", contains=["/twin_node", "/robot_state_node"])
    assert [line for line in answer.lines if not line.startswith("/_")] == ["/robot_state_node", "/twin_node"]


def test_topics_of_the_contract_are_listed(robot):
    wanted = {"/clock", "/joint_states", "/tf", "/tf_static", "/robot_description"}
    for camera in CONTRACT.cameras:
        wanted |= {camera.topic, camera.info_topic}
    for group in CONTRACT.groups:
        wanted |= {f"/{group.controller}/joint_trajectory", f"/{group.controller}/controller_state"}
    robot.ask_until("topic", "list", contains=wanted, timeout_s=10.0)


def test_one_joint_state_names_every_joint_of_the_contract_in_its_order(robot):
    answer = robot.ask("topic", "echo", "--once", "/joint_states")
    assert answer.code == 0
    state = next(yaml.safe_load_all(answer.out))
    assert state["name"] == list(CONTRACT.joint_names)
    assert len(state["name"]) == len(state["position"]) == len(state["velocity"]) == 36


def test_bag_of_joint_states_is_recorded_until_ctrl_c_and_described(robot, bag):
    path, recorded = bag
    assert recorded.code == 0, recorded.err
    answer = robot.ask("bag", "info", path)
    assert answer.code == 0, answer.err
    count = re.search(r"Topic: /joint_states \| Type: sensor_msgs/msg/JointState \| Count: (\d+)", answer.out)
    assert count, answer.out
    assert int(count[1]) > 50 * BAG_S


def test_bag_is_played_to_a_listener_that_hears_the_recorded_states(robot, bag):
    path, _ = bag
    elsewhere = free_domain()
    listener = robot.start(
        "topic", "echo", "--once", "/joint_states", "sensor_msgs/msg/JointState", domain=elsewhere
    )
    try:
        played = robot.ask("bag", "play", path, domain=elsewhere)
        heard = answer_of(listener)
    finally:
        listener.kill()
    assert played.code == 0, played.err
    assert heard.code == 0, heard.err
    assert next(yaml.safe_load_all(heard.out))["name"] == list(CONTRACT.joint_names)
