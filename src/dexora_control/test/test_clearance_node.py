"""The collision check's node without a robot: what it answers to an intent, and what it says without one."""

import numpy as np
import pytest
import rclpy
from dexora_control.clearance_node import ClearanceNode
from dexora_core.contract import load_contract
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexora_description import contract_path

CONTRACT = load_contract(contract_path())
HOME, NAMES = CONTRACT.home_rad, list(CONTRACT.joint_names)


@pytest.fixture(scope="module")
def context():
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def node(context, monkeypatch):
    made = ClearanceNode(parameter_overrides=[Parameter("realtime_priority", value=0)])
    assert made.bring_up()
    made.answers = []
    monkeypatch.setattr(
        made._publisher, "publish", lambda m: made.answers.append((m.header.stamp.sec, m.distance, m.ahead))
    )
    yield made
    made.shut_down()
    made.destroy_node()


def joints(stamp_s, positions):
    message = JointState(name=NAMES, position=[float(q) for q in positions])
    message.header.stamp.sec = stamp_s
    return message


def intent(stamp_s, *poses):
    points = [JointTrajectoryPoint(positions=[float(q) for q in pose]) for pose in poses]
    message = JointTrajectory(joint_names=NAMES, points=points)
    message.header.stamp.sec = stamp_s
    return message


def test_intent_is_answered_with_its_own_time(node):
    node._on_joints(joints(3, HOME))
    closer = HOME + 0.2 * (np.arange(36) == 2)
    node._on_intent(intent(7, HOME, HOME, closer))
    ((stamp_s, distance, ahead),) = node.answers
    assert stamp_s == 7
    assert distance >= 0.02
    assert 0.0 < ahead != distance


def test_without_intents_the_measured_pose_is_judged(node):
    node._on_timer()
    assert node.answers == []
    assert "no answer yet: left_arm_joint_1" in node._check().message
    node._on_joints(joints(3, HOME))
    node._on_timer()
    ((stamp_s, distance, ahead),) = node.answers
    assert (stamp_s, distance) == (3, ahead)
    assert node._check().level == DiagnosticStatus.OK


def test_timer_is_silent_while_intents_arrive(node):
    node._on_joints(joints(3, HOME))
    node._on_intent(intent(7, HOME, HOME))
    node._on_timer()
    assert [stamp_s for stamp_s, _, _ in node.answers] == [7]


def test_robot_without_margins_is_refused_with_the_file_that_is_missing(context, monkeypatch, tmp_path):
    (tmp_path / "robots").mkdir()
    (tmp_path / "urdf").mkdir()
    (tmp_path / "robots/bare.yaml").write_text(
        contract_path().read_text().replace("name: dexora36", "name: bare")
    )
    (tmp_path / "urdf/bare.urdf").write_text("<robot/>")
    monkeypatch.setenv("DEXORA_DESCRIPTION_DIR", str(tmp_path))
    made = ClearanceNode(parameter_overrides=[Parameter("robot", value="bare")])
    try:
        assert not made.bring_up()
        assert "no collision/bare.yaml" in str(made.fault)
    finally:
        made.shut_down()
        made.destroy_node()
