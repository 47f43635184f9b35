"""Pins the camera node on a real video file: topic, frame, stamps, camera_info, refusals, loss and return."""

import time

import pytest
import rclpy
import yaml
from dexora_perception.camera_node import CameraNode, make_source
from dexora_perception.camera_parameters import CameraParameters
from dexora_perception.sources import CameraLostError, Frame
from dexora_perception.sources.realsense_source import RealSenseSource
from dexora_perception.sources.v4l2_source import V4l2Source
from dexora_ros.buffers import image_view
from dexora_ros.executor_choice import single_threaded_executor
from dexora_ros.qos import SENSOR
from dexora_ros.stamps import to_ns
from diagnostic_msgs.msg import DiagnosticStatus
from encoder_cases import CONTRACT
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image
from test_calibration import content
from video_cases import number_of, picture_of, write_video

TOPIC = "dexora/camera/front/image_raw"


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("video") / "ten.mp4")


class Scene:
    """A camera node and a listener on one executor."""

    def __init__(self, video, **parameters):
        settings = {
            "view": "front",
            "source": "file",
            "device": str(video),
            "image_width": 64,
            "image_height": 48,
            **parameters,
        }
        self.node = CameraNode(
            parameter_overrides=[Parameter(name, value=value) for name, value in settings.items()],
            namespace=f"/test_{time.monotonic_ns()}",
        )
        self.listener = Node("listener", namespace=self.node.get_namespace())
        self.images, self.infos = [], []
        self.listener.create_subscription(Image, TOPIC, self._on_image, SENSOR)
        self.listener.create_subscription(
            CameraInfo, "dexora/camera/front/camera_info", self.infos.append, SENSOR
        )
        self.executor = single_threaded_executor(rclpy.get_default_context())
        for node in (self.node, self.listener):
            self.executor.add_node(node)

    def _on_image(self, message):
        self.images.append((message, self.listener.get_clock().now().nanoseconds))

    def until(self, condition, timeout_s=20.0):
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end
            self.executor.spin_once(timeout_sec=0.02)

    def check(self):
        return {status.name: status for status in self.node.diagnostics.collect()}["dexora/camera: front"]

    def close(self):
        for node in (self.node, self.listener):
            self.executor.remove_node(node)
        self.node.shut_down()
        self.node.destroy_node()
        self.listener.destroy_node()
        self.executor.shutdown()


@pytest.fixture
def scene(ros, video):
    made = []

    def make(**parameters):
        made.append(Scene(video, **parameters))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_pictures_of_a_file_appear_on_the_topic_of_the_contract(scene):
    running = scene(frame_prefix="one/")
    assert running.node.bring_up()
    running.until(lambda: len(running.images) >= 3)
    message, arrived_ns = running.images[-1]
    assert message.encoding == "rgb8"
    assert message.header.frame_id == "one/front_optical_frame"
    pixels = image_view(message)
    assert abs(pixels.astype(int) - picture_of(number_of(pixels))).mean() < 12
    assert 0 <= arrived_ns - to_ns(message.header.stamp) < 5_000_000_000
    stamps = [to_ns(image.header.stamp) for image, _ in running.images]
    assert sorted(set(stamps)) == stamps
    assert running.infos == []
    assert running.check().level == DiagnosticStatus.OK


def test_calibration_is_published_with_the_stamps_of_the_pictures(scene, tmp_path):
    path = tmp_path / "front.yaml"
    path.write_text(yaml.safe_dump(content(image_width=64, image_height=48)))
    running = scene(calibration=str(path))
    assert running.node.bring_up()
    running.until(lambda: running.infos and running.images)
    assert running.infos[-1].k[0] == 600.0
    running.until(
        lambda: (
            {to_ns(i.header.stamp) for i in running.infos}
            & {to_ns(i.header.stamp) for i, _ in running.images}
        )
    )


def test_camera_can_pause_and_go_on(scene):
    running = scene()
    assert running.node.bring_up()
    running.until(lambda: running.images)
    running.node.trigger_deactivate()
    assert running.check().message == "not active"
    running.node.trigger_activate()
    running.images.clear()
    running.until(lambda: running.images)


def test_file_that_has_ended_is_said_to_be_over(scene):
    running = scene(loop=False)
    assert running.node.bring_up()
    running.until(lambda: running.check().level == DiagnosticStatus.STALE)
    assert running.check().message == "the file has come to its end"


class Unplugged:
    """A source that is lost after two pictures and comes back when it is opened again."""

    def __init__(self):
        self.left, self.opened = 2, 0

    def open(self):
        self.opened += 1
        self.left = self.left if self.opened == 1 else 1000

    def read(self):
        time.sleep(0.01)
        if self.left == 0:
            raise CameraLostError("the plug was pulled", code="DX-CAM-005")
        self.left -= 1
        return Frame(picture_of(self.left % 10), time.monotonic_ns())

    def close(self):
        self.left = 0


def test_camera_that_is_lost_comes_back(scene, monkeypatch):
    source = Unplugged()
    monkeypatch.setattr("dexora_perception.camera_node.make_source", lambda *_: source)
    running = scene()
    assert running.node.bring_up()
    running.until(lambda: running.node._capture.state.losses == 1)
    running.images.clear()
    running.until(lambda: running.images)
    assert source.opened == 2
    assert running.check().level == DiagnosticStatus.OK


def test_exception_on_the_capture_thread_is_latched_and_the_node_deactivates(scene, monkeypatch):
    source, read, is_up = Unplugged(), Unplugged.read, []
    source.left = 1000
    source.read = lambda: 1 / 0 if is_up else read(source)
    monkeypatch.setattr("dexora_perception.camera_node.make_source", lambda *_: source)
    running = scene()
    assert running.node.bring_up()
    is_up.append(True)
    running.until(lambda: running.node.fault is not None and not running.node.is_active)
    assert "ZeroDivisionError" in str(running.node.fault)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"device": "/none.mp4"}, "DX-CAM-006: Camera front cannot be opened: /none.mp4"),
        ({"image_width": 128}, "delivers 64x48, asked for were 128x48"),
        ({"view": "behind"}, "no camera view 'behind'; views are top"),
        (
            {"source": "v4l2", "device": "/dev/video99"},
            "DX-CAM-006: Camera front cannot be opened: /dev/v",
        ),
        ({"calibration": "/none.yaml"}, "the calibration /none.yaml cannot be used"),
    ],
)
def test_camera_that_cannot_work_is_refused_with_the_reason(scene, parameters, reason):
    running = scene(**parameters)
    assert not running.node.bring_up()
    assert reason in str(running.node.fault)


@pytest.mark.parametrize(("name", "kind"), [("v4l2", V4l2Source), ("realsense", RealSenseSource)])
def test_source_follows_the_parameter(name, kind):
    parameters = CameraParameters(view="front", source=name)
    assert isinstance(make_source(parameters.camera(CONTRACT), parameters), kind)
