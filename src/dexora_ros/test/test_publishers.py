"""Joint states, poses, statuses and pictures leave a node as given; a status waits for latecomers."""

from dataclasses import dataclass

import numpy as np
import pytest
from dexora_core.contract import CameraSpec
from dexora_ros.buffers import image_view
from dexora_ros.camera_publisher import CameraPublisher
from dexora_ros.diagnostics import Check
from dexora_ros.joint_state_publisher import JointStatePublisher
from dexora_ros.managed_node import ManagedNode
from dexora_ros.pose_publisher import PosePublisher
from dexora_ros.qos import LATCHED, SENSOR, STATE
from dexora_ros.stamps import to_ns
from dexora_ros.status_publisher import StatusPublisher
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image, JointState
from tf2_msgs.msg import TFMessage

STAMP_NS = 3_000_000_007


@dataclass(frozen=True)
class NoParameters:
    """Parameters of the test node: none."""


@pytest.fixture
def node(ros):
    node = ManagedNode("publishing_node", NoParameters)
    yield node
    node.destroy_node()


@pytest.fixture
def receive(node):
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def receive(message_type, topic, qos, publish):
        got = []
        node.create_subscription(message_type, topic, got.append, qos)
        for _ in range(50):
            publish()
            executor.spin_once(timeout_sec=0.05)
            if got:
                return got[-1]
        raise AssertionError(f"nothing came on {topic}")

    yield receive
    executor.shutdown()


def test_joint_states_carry_names_values_and_stamp(node, receive):
    publisher = JointStatePublisher(node, "joints")
    assert not publisher.has_subscribers
    values = np.arange(3.0)
    got = receive(
        JointState,
        "joints",
        STATE,
        lambda: publisher.publish(("a", "b", "c"), values, -values, values[:0], STAMP_NS),
    )
    assert publisher.has_subscribers
    assert (list(got.name), to_ns(got.header.stamp)) == (["a", "b", "c"], STAMP_NS)
    assert (got.position.tolist(), got.velocity.tolist(), got.effort.tolist()) == ([0, 1, 2], [0, -1, -2], [])
    shorter = receive(
        JointState,
        "joints",
        STATE,
        lambda: publisher.publish(("c",), values[2:], values[2:], values[2:], STAMP_NS),
    )
    assert list(shorter.name) == ["c"]


def test_poses_carry_frame_names_and_quaternions(node, receive):
    publisher = PosePublisher(node, "poses", "world", ("can", "box"))
    pose = (np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0, 0.0]))
    got = receive(TFMessage, "poses", STATE, lambda: publisher.publish({"can": pose, "box": pose}, STAMP_NS))
    assert [transform.child_frame_id for transform in got.transforms] == ["can", "box"]
    assert got.transforms[1].header.frame_id == "world"
    assert got.transforms[1].transform.translation.z == 3.0
    assert got.transforms[1].transform.rotation.x == 1.0


def test_status_reaches_who_comes_later(node, receive):
    publisher = StatusPublisher(node, "status")
    publisher.publish("lift", Check.error("failed", {"reason": "it fell"}))
    got = receive(DiagnosticStatus, "status", LATCHED, lambda: None)
    assert (got.level, got.name, got.message) == (DiagnosticStatus.ERROR, "lift", "failed")
    assert (got.values[0].key, got.values[0].value) == ("reason", "it fell")


def test_pictures_and_intrinsics_share_stamp_and_frame(node, receive):
    camera = CameraSpec("top", "/dexora/camera/top/image_raw", "top_optical_frame", 8, 6, 20.0)
    publisher = CameraPublisher(node, camera, np.pi / 2)
    pixels = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(6, 8, 3)
    got = receive(Image, camera.topic, SENSOR, lambda: publisher.publish(pixels, STAMP_NS))
    np.testing.assert_array_equal(image_view(got), pixels)
    assert (got.header.frame_id, to_ns(got.header.stamp)) == ("top_optical_frame", STAMP_NS)
    info = receive(CameraInfo, camera.info_topic, SENSOR, lambda: publisher.publish(pixels, STAMP_NS))
    assert (info.width, info.height, info.header) == (8, 6, got.header)
    assert info.k[0] == pytest.approx(3.0)
