"""Pins docs/how-to/add_a_robot.md: a robot in a directory of one's own is checked and shown without code."""

import pytest
import rclpy
from dexora_control.robot_state_node import RobotStateNode
from dexora_core.contract.__main__ import main as check
from rclpy.parameter import Parameter

CONTRACT = """
schema: 1
name: pendulum
units: {angle: rad, time: s, rate: Hz}
rates: {control_hz: 100, policy_hz: 20, horizon_steps: 16}
ages:
  tick: {nominal_s: 0.01, stop_s: 0.03}
  joint_states: {nominal_s: 0.01, stop_s: 0.05}
  camera: {nominal_s: 0.05, stop_s: 0.5}
  camera_skew: {nominal_s: 0.015, warn_s: 0.033}
  policy: {nominal_s: 0.05, stop_s: 0.3}
  teleop: {nominal_s: 0.02, stop_s: 0.1}
  deadman: {nominal_s: 0.01, stop_s: 0.05}
  watchdog: {nominal_s: 0.02, stop_s: 0.1}
  min_buffered_horizon_s: 0.2
limits:
  slow:
    max_velocity_rad_s: 1.0
    max_acceleration_rad_s2: 10.0
    max_jerk_rad_s3: 200.0
    source: measured
    reason: timed with a stopwatch
groups: [{name: arm, kind: arm, controller: arm_controller}]
joints: [{name: swing, group: arm, limits: slow, lower_rad: -1.5, upper_rad: 1.5, home_rad: 0.0}]
cameras:
  - {view: top, topic: /cam/top/image_raw, frame_id: top_optical_frame, width: 64, height: 48, rate_hz: 20}
"""
URDF = """<robot name="pendulum"><link name="base_link"/><link name="rod"/><link name="top_optical_frame"/>
<joint name="swing" type="revolute"><parent link="base_link"/><child link="rod"/><axis xyz="0 1 0"/>
<limit lower="-1.5" upper="1.5" velocity="1" effort="1"/></joint>
<joint name="top_mount" type="fixed"><parent link="base_link"/><child link="top_optical_frame"/></joint>
</robot>"""
MJCF = """<mujoco><compiler angle="radian"/><worldbody><camera name="top"/>
<body><joint name="swing" axis="0 1 0" range="-1.5 1.5"/><geom size="0.1"/></body></worldbody>
<actuator><position name="swing" joint="swing"/></actuator></mujoco>"""


FILES = {"robots/pendulum.yaml": CONTRACT, "urdf/pendulum.urdf": URDF, "mjcf/pendulum.xml": MJCF}


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("DEXORA_DESCRIPTION_DIR", str(tmp_path))
    return tmp_path


def command(home):
    contract, urdf, mjcf = (str(home / name) for name in FILES)
    return [contract, "--urdf", urdf, "--mjcf", mjcf]


def test_files_of_a_new_robot_are_checked(home, caplog):
    assert check(command(home)) == 0
    (home / "mjcf/pendulum.xml").write_text(MJCF.replace("1.5 1.5", "1.5 1.6"), encoding="utf-8")
    assert check(command(home)) == 1
    assert "joint swing has range [-1.5, 1.6] rad, contract says [-1.5, 1.5] rad" in caplog.text


def test_new_robot_is_shown_by_name(home):
    rclpy.init(args=[], domain_id=23)
    node = RobotStateNode(parameter_overrides=[Parameter("robot", value="pendulum")])
    try:
        assert node.bring_up(), node.fault
        assert node._tree.joint_names == ("swing",)
    finally:
        node.shut_down()
        node.destroy_node()
        rclpy.shutdown()


def test_robot_whose_urdf_disagrees_does_not_start(home):
    (home / "urdf/pendulum.urdf").write_text(URDF.replace('upper="1.5"', 'upper="2"'), encoding="utf-8")
    rclpy.init(args=[], domain_id=23)
    node = RobotStateNode(parameter_overrides=[Parameter("robot", value="pendulum")])
    try:
        assert not node.bring_up()
        assert "joint swing has range [-1.5, 2] rad" in str(node.fault)
    finally:
        node.destroy_node()
        rclpy.shutdown()
