"""Every way in which a model can depart from the contract is found and said."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import pytest
from dexora_sim.agreement import check_agreement, disagreements
from dexora_sim.errors import SimulationError

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
    assert disagreements(model(), two_joints) == []
    check_agreement(model(), two_joints)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"b": 'type="slide" range="-2 2" limited="true"'}, "joint 'b' is not a hinge"),
        ({"b": 'axis="0 0 1"'}, "joint 'b' has no limits, the contract has [-2.0, 2.0] rad"),
        ({"b": HINGE.replace("-2 2", "-2 1.5")}, "joint 'b' has limits [-2.0, 1.5] rad"),
        ({"actuators": '<position name="a" joint="a"/>'}, "actuator 'b' is missing"),
        ({"actuators": BOTH.replace('joint="b"', 'joint="a"')}, "actuator 'b' drives another joint"),
        ({"actuators": BOTH + '<motor name="spare" joint="a"/>'}, "actuators spare are not in the contract"),
    ],
)
def test_departure_is_said(two_joints, changes, sentence):
    found = disagreements(model(**changes), two_joints)
    assert len(found) == 1
    assert sentence in found[0]
    with pytest.raises(SimulationError, match="does not follow contract 'dexora36'"):
        check_agreement(model(**changes), two_joints)


def test_missing_joint_and_camera_are_said(two_joints, contract):
    wider = replace(two_joints, joints=(*two_joints.joints, contract.joints[5]), cameras=contract.cameras[:2])
    found = disagreements(model(), wider)
    assert f"joint '{contract.joints[5].name}' is missing" in found
    assert f"camera '{contract.cameras[1].view}' is missing" in found
