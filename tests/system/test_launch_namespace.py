"""Pins two robots on one domain: a namespace before every name, a clock each, faults that stay apart."""

from __future__ import annotations

import pytest
import yaml
from dexora_core.contract import load_contract

from dexora_description import contract_path

from .launched import WORLD_ALONE

pytestmark = pytest.mark.system
CONTRACT = load_contract(contract_path())
SHARED_TOPICS = {"/diagnostics", "/parameter_events", "/rosout", "/tf", "/tf_static"}


@pytest.fixture(scope="module")
def second(module_launch):
    launched = module_launch(
        "mujoco.launch.py",
        "namespace:=robot2",
        "fault:=camera_black:top",
        "fault_start:=0.0",
        *WORLD_ALONE,
    )
    launched.ask_until("node", "list", contains=["/robot2/twin_node", "/robot2/robot_state_node"])
    return launched


def picture(robot, topic):
    answer = robot.ask("topic", "echo", "--once", "--full-length", topic)
    assert answer.code == 0, answer.err
    return next(yaml.load_all(answer.out, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def test_namespace_stands_before_every_node_topic_and_service(second):
    topics = set(second.ask_until("topic", "list", contains=["/robot2/joint_states"]).lines)
    assert {name for name in topics if not name.startswith("/robot2/")} <= SHARED_TOPICS
    services = second.ask("service", "list").lines
    assert all(name.startswith("/robot2/") for name in services)
    assert {"/robot2/twin_node/reset", "/robot2/twin_node/inject_fault"} <= set(services)
    actions = second.ask("action", "list").lines
    wanted = [f"/robot2/{group.controller}/follow_joint_trajectory" for group in CONTRACT.groups]
    assert sorted(actions) == sorted(wanted)


def test_namespace_stands_before_every_frame(second):
    answer = second.ask("topic", "echo", "--once", "/tf")
    transforms = next(yaml.safe_load_all(answer.out))["transforms"]
    assert transforms
    for transform in transforms:
        assert transform["header"]["frame_id"].startswith("robot2/")
        assert transform["child_frame_id"].startswith("robot2/")
    for kind in ("image_raw", "camera_info"):
        topic = f"/robot2/dexora/camera/front/{kind}"
        words = ("topic", "echo", "--once", "--field", "header.frame_id", topic)
        second.ask_until(*words, contains=["robot2/front_optical_frame"], timeout_s=15.0)


def test_fault_of_the_launch_argument_makes_one_camera_black(second):
    assert "camera_black" in second.output
    assert max(picture(second, "/robot2/dexora/camera/top/image_raw")["data"]) == 0
    assert max(picture(second, "/robot2/dexora/camera/front/image_raw")["data"]) > 0


def test_two_robots_on_one_domain_do_not_disturb_each_other(second, launch):
    first = launch("mujoco.launch.py", "seed:=7", *WORLD_ALONE, domain=second.domain)
    wanted = ["/robot_state_node", "/twin_node", "/robot2/robot_state_node", "/robot2/twin_node"]
    assert set(first.ask_until("node", "list", contains=wanted).lines) == set(wanted)
    for topic in ("/clock", "/robot2/clock", "/joint_states", "/robot2/joint_states"):
        first.ask_until("topic", "info", topic, contains=["Publisher count: 1"], timeout_s=15.0)
    assert max(picture(first, "/dexora/camera/top/image_raw")["data"]) > 0
    assert first.interrupt(is_group=True) == 0
    assert first.survivors() == []
    left = second.ask_until("node", "list", contains=["/robot2/twin_node"])
    assert set(left.lines) == {"/robot2/robot_state_node", "/robot2/twin_node"}
    assert second.ask("topic", "echo", "--once", "/robot2/joint_states").code == 0
    assert "process has died" not in second.output
