"""Pins the topics of robot_state_node: /tf from joint states, latched /tf_static and robot_description."""

import numpy as np
import pytest
import rclpy
from dexora_control.robot_state_node import RobotStateNode
from dexora_core.contract import load_contract
from dexora_core.kinematics import rotation_matrices
from dexora_core.kinematics_urdf import load_urdf
from dexora_ros.qos import LATCHED
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from dexora_description import contract_path, urdf_path

CONTRACT = load_contract(contract_path())
DOMAIN = 23


class Recorder:
    """Stands for a publisher and keeps what was published."""

    def __init__(self):
        self.messages = []

    def publish(self, message):
        self.messages.append(message)


@pytest.fixture
def ros():
    rclpy.init(args=[], domain_id=DOMAIN)
    yield
    rclpy.shutdown()


@pytest.fixture
def node(ros):
    made = RobotStateNode()
    yield made
    made.shut_down()
    made.destroy_node()


def home(stamp_s=1):
    message = JointState(name=list(CONTRACT.joint_names), position=CONTRACT.home_rad.tolist())
    message.header.stamp.sec = stamp_s
    return message


def test_transforms_chain_up_to_the_kinematics_of_the_model(node):
    assert node.bring_up()
    node._tf = Recorder()
    node._on_joint_states(home())
    (message,) = node._tf.messages
    pose, by_child = np.eye(4), {transform.child_frame_id: transform for transform in message.transforms}
    assert len(by_child) == 36
    assert all(transform.header.stamp.sec == 1 for transform in message.transforms)
    tree = load_urdf(urdf_path())
    expected = tree.link_poses(np.array([CONTRACT.joint(name).home_rad for name in tree.joint_names]))
    base = expected[tree.link_names.index("left_arm_base")]
    for number in range(1, 7):
        transform = by_child[f"left_arm_link_{number}"].transform
        turn, offset = transform.rotation, transform.translation
        step = np.eye(4)
        step[:3, :3] = rotation_matrices(np.array([turn.w, turn.x, turn.y, turn.z]))
        step[:3, 3] = (offset.x, offset.y, offset.z)
        pose = pose @ step
    assert base @ pose == pytest.approx(expected[tree.link_names.index("left_arm_link_6")], abs=1e-9)


def test_late_joiner_gets_description_and_fixed_frames(node):
    assert node.bring_up()
    listener, got = rclpy.create_node("listener"), {}
    listener.create_subscription(String, "robot_description", lambda m: got.update(urdf=m.data), LATCHED)
    listener.create_subscription(TFMessage, "/tf_static", lambda m: got.update(tf=m.transforms), LATCHED)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    executor.add_node(listener)
    for _ in range(200):
        executor.spin_once(timeout_sec=0.05)
        if len(got) == 2:
            break
    executor.shutdown()
    listener.destroy_node()
    assert got["urdf"] == urdf_path().read_text(encoding="utf-8")
    frames = {transform.child_frame_id for transform in got["tf"]}
    assert {camera.frame_id for camera in CONTRACT.cameras} <= frames
    assert {"left_hand_base", "right_palm"} <= frames


def test_frame_prefix_separates_two_robots(ros):
    node = RobotStateNode(parameter_overrides=[Parameter("frame_prefix", value="second/")])
    assert node.bring_up()
    node._tf = Recorder()
    node._on_joint_states(home())
    (transform,) = [
        t for t in node._tf.messages[0].transforms if t.child_frame_id == "second/left_arm_link_1"
    ]
    assert transform.header.frame_id == "second/left_arm_base"
    node.shut_down()
    node.destroy_node()


def test_unusable_states_publish_nothing_and_are_reported(node):
    assert node.bring_up()
    node._tf = Recorder()
    bad = home()
    bad.position[3] = float("nan")
    node._on_joint_states(bad)
    assert node._tf.messages == []
    check = node._check()
    assert check.message.startswith("no joint state yet for left_arm_joint_1")
    assert check.values == {"refused: not finite": "1"}
    node._on_joint_states(home())
    assert node._check().message == "every link is placed"


def test_unknown_robot_is_refused_with_the_known_ones(ros):
    node = RobotStateNode(parameter_overrides=[Parameter("robot", value="dexora37")])
    assert not node.bring_up()
    assert "known robots are dexora36" in str(node.fault)
    node.destroy_node()
