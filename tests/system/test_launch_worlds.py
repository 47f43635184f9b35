"""Pins the launch files of worlds that are not here: the shared graph starts, alone, and ends cleanly."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/dexora_perception/test"))
from video_cases import write_video

pytestmark = pytest.mark.system
WORLDS = {
    "real_robot": ("ros2_control bring-up", "/joint_states"),
    "isaac_sim": ("Isaac Sim's ROS 2 bridge", "/clock"),
    "teleop": ("", "/joint_states"),
    "robot": ("", "/joint_states"),
}


@pytest.mark.parametrize("world", WORLDS)
def test_world_starts_the_shared_graph_only_and_dies_cleanly(launch, world):
    expectation, topic = WORLDS[world]
    launched = launch(f"{world}.launch.py", "command_path:=false")
    answer = launched.ask_until("node", "list", contains=["/robot_state_node"])
    assert answer.lines == ["/robot_state_node"]
    launched.ask_until("topic", "list", contains=[topic, "/tf_static"])
    assert expectation in launched.output
    assert launched.output.count("process started") == 1
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []
    assert "Traceback" not in launched.output


def test_command_path_starts_in_every_world_and_says_what_it_waits_for(launch):
    launched = launch("isaac_sim.launch.py")
    launched.ask_until("node", "list", contains=["/command_node", "/watchdog_node", "/preview_node"])
    launched.wait_for_output("[command_node]: waiting, for ")
    assert "/clock, although use_sim_time is set" in launched.output
    assert "a controller on /left_arm_controller/joint_trajectory" in launched.output
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []


def test_cameras_of_the_real_robot_publish_in_its_namespace(launch, tmp_path):
    front, top = (write_video(tmp_path / f"{view}.mp4", height=480, width=640) for view in ("front", "top"))
    launched = launch(
        "real_robot.launch.py",
        "command_path:=false",
        "namespace:=alpha",
        f"cameras:=front=file:{front},top=file:{top}",
    )
    for view in ("front", "top"):
        topic = f"/alpha/dexora/camera/{view}/image_raw"
        launched.ask_until("topic", "info", topic, contains=["Publisher count: 1"])
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []


def test_camera_that_is_misspelt_is_told_before_anything_starts(launch):
    launched = launch("real_robot.launch.py", "cameras:=front=webcam:0")
    assert launched.wait(30.0) == 1
    assert "a source of v4l2, realsense, file" in launched.output
    assert "process started" not in launched.output


def test_unknown_driver_is_refused_with_those_there_are(launch):
    launched = launch("real_robot.launch.py", "driver:=magic")
    assert launched.wait(30.0) == 1
    assert "ros2_control" in launched.output
    assert "process started" not in launched.output
