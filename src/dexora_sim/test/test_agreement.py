"""Every way in which a model can depart from the contract is found and said."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import pytest
from dexora_core.errors import ContractError
from dexora_sim.agreement import check_agreement

MODEL = """
<mujoco>
  <compiler angle="radian"/>
  <worldbody>
    <camera name="top"/>
    <body><joint name="a" axis="0 0 1" range="-1 1" limited="true"/><geom size=".1"/></body>
    <body><joint name="b" {b}/><geom size=".1"/></body>
  </worldbody>
  <actuator>{actuators}</actuator>
</mujoco>
"""
HINGE = 'axis="0 0 1" range="-2 2" limited="true"'
BOTH = '<position name="a" joint="a"/><position name="b" joint="b"/>'


def model(b: str = HINGE, actuators: str = BOTH) -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(MODEL.format(b=b, actuators=actuators))


@pytest.fixture
def two_joints(contract):
    """A contract of two joints and one camera."""
    first, second = contract.joints[:2]
    joints = (
        replace(first, name="a", lower_rad=-1.0, upper_rad=1.0, home_rad=0.0),
        replace(second, name="b", lower_rad=-2.0, upper_rad=2.0, home_rad=0.0),
    )
    return replace(contract, joints=joints, cameras=(contract.camera("top"),))


def test_model_that_follows_has_nothing_to_say(two_joints):
    check_agreement(model(), two_joints, "two.xml")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"b": 'type="slide" range="-2 2" limited="true"'}, "joint b is no hinge with limits"),
        ({"b": 'axis="0 0 1"'}, "joint b is no hinge with limits, contract says [-2, 2] rad"),
        ({"b": HINGE.replace("-2 2", "-2 1.5")}, "joint b has range [-2, 1.5] rad, contract says [-2, 2]"),
        ({"actuators": '<position name="a" joint="a"/>'}, "actuator missing: b"),
        ({"actuators": BOTH.replace('joint="b"', 'joint="a"')}, "actuator b drives a, not the joint"),
        ({"actuators": BOTH + '<motor name="spare" joint="a"/>'}, "actuator spare is not in the contract"),
    ],
)
def test_departure_is_said_alone(two_joints, changes, sentence):
    with pytest.raises(ContractError) as info:
        check_agreement(model(**changes), two_joints, "two.xml")
    assert info.value.message.startswith("model two.xml disagrees with the contract of dexora36: ")
    assert sentence in info.value.message
    assert ";" not in info.value.message


def test_missing_joint_and_camera_are_said(two_joints, contract):
    wider = replace(two_joints, joints=(*two_joints.joints, contract.joints[5]), cameras=contract.cameras[:2])
    with pytest.raises(ContractError) as info:
        check_agreement(model(), wider, "two.xml")
    assert f"joint missing: {contract.joints[5].name}" in info.value.message
    assert f"camera missing: {contract.cameras[1].view}" in info.value.message
