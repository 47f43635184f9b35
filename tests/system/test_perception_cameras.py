"""Pins the camera node as a process: pictures of a real video, a clean end, an error code for a refusal."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
import rclpy
from dexora_ros.qos import SENSOR
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from .twin_client import domain, start_process

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/dexora_perception/test"))
from video_cases import write_video

pytestmark = pytest.mark.system
MODULE = "dexora_perception.camera_node"
SMALL = {"image_width": 64, "image_height": 48}


@pytest.fixture
def listen():
    """Return a function that waits for pictures on a topic."""
    context = Context()
    rclpy.init(context=context, domain_id=domain(), args=[])
    node = Node("listener", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    def wait(topic, count, process):
        seen = []
        node.create_subscription(Image, topic, seen.append, SENSOR)
        end = time.monotonic() + 40.0
        while len(seen) < count:
            assert process.poll() is None, f"the camera ended with {process.returncode}"
            assert time.monotonic() < end, f"{len(seen)} of {count} pictures"
            executor.spin_once(timeout_sec=0.05)
        return seen

    yield wait
    node.destroy_node()
    executor.shutdown()
    rclpy.shutdown(context=context)


def test_camera_streams_until_it_is_interrupted_and_ends_cleanly(tmp_path, listen):
    video = write_video(tmp_path / "ten.mp4")
    process = start_process(MODULE, view="front", source="file", device=str(video), **SMALL)
    try:
        pictures = listen("/dexora/camera/front/image_raw", 15, process)
        assert {(picture.width, picture.height, picture.encoding) for picture in pictures} == {
            (64, 48, "rgb8")
        }
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20.0) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    "parameters",
    [
        {"source": "v4l2", "device": "/dev/video99"},
        {"source": "file", "device": "/none.mp4"},
        {"source": "radar"},
        {"source": "file", "focus": 3},
    ],
    ids=["absent device", "absent file", "unknown kind", "unknown parameter"],
)
def test_camera_that_cannot_work_ends_with_an_error(parameters):
    process = start_process(MODULE, view="front", **parameters)
    try:
        assert process.wait(timeout=60.0) == 1
    finally:
        process.kill()
        process.wait()
