"""Pins that a URDF or an MJCF that disagrees with the contract is refused, with every disagreement named."""

import pathlib

import pytest
from dexora_core.contract import load_contract
from dexora_core.contract.__main__ import main
from dexora_core.contract_check import check_model, check_urdf
from dexora_core.errors import ContractError
from dexora_core.kinematics import KinematicsError

ROOT = pathlib.Path(__file__).parents[2] / "dexora_description"
YAML, URDF, MJCF = ROOT / "robots/dexora36.yaml", ROOT / "urdf/dexora36.urdf", ROOT / "mjcf/dexora36.xml"
CONTRACT = load_contract(YAML)


def changed(tmp_path, source, old, new):
    text = source.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / source.name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_shipped_models_agree():
    check_model(CONTRACT, MJCF)
    check_urdf(CONTRACT, URDF)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('range="-3.141593 2.08"', 'range="-3.1 2.08"', "left_arm_joint_1 has range [-3.1, 2.08] rad"),
        (
            'range="-3.141593 2.08" armature',
            "armature",
            "joint left_arm_joint_1 is no hinge with limits, contract says [-3.14159, 2.08]",
        ),
        ('joint name="left_arm_joint_1"', 'joint name="left_1"', "joint missing: left_arm_joint_1"),
        ('joint name="left_arm_joint_1"', 'joint name="left_1"', "joint not in the contract: left_1"),
        (
            'joint="left_arm_joint_1"',
            'joint="other"',
            "actuator left_arm_joint_1 drives other, not the joint",
        ),
        (
            'position name="left_arm_joint_1"',
            'position name="motor"',
            "actuator missing: left_arm_joint_1; actuator motor is not in the contract",
        ),
        ('joint name="left_arm_joint_1"', 'joint type="slide" name="left_arm_joint_1"', "is no hinge"),
        ('camera name="top"', 'camera name="head"', "camera missing: top"),
        ('range="-3.141593 2.08"', 'range="-3"', 'has range="-3"; give two numbers'),
        ('angle="radian"', 'angle="degree"', "counts angles in degrees"),
        ("mujoco", "robot", "starts with <robot>"),
        ("</mujoco>", "", "cannot be read"),
    ],
)
def test_disagreeing_mjcf_is_refused(tmp_path, old, new, words):
    with pytest.raises(ContractError) as info:
        check_model(CONTRACT, changed(tmp_path, MJCF, old, new))
    assert words in str(info.value)


def test_absent_mjcf_is_refused(tmp_path):
    with pytest.raises(ContractError, match="cannot be read"):
        check_model(CONTRACT, tmp_path / "nothing.xml")


def test_disagreeing_urdf_is_refused(tmp_path):
    with pytest.raises(ContractError, match=r"has range \[0, 3\] rad, contract says \[0, 1.8326\]"):
        check_urdf(CONTRACT, changed(tmp_path, URDF, 'upper="1.832596"', 'upper="3"'))
    with pytest.raises(KinematicsError, match="not XML"):
        check_urdf(CONTRACT, changed(tmp_path, URDF, "</robot>", ""))


def test_command_line_reports_and_fails(tmp_path, caplog):
    caplog.set_level("INFO")
    assert main([str(YAML), "--urdf", str(URDF), "--mjcf", str(MJCF)]) == 0
    assert f"hash {CONTRACT.hash}" in caplog.text
    assert main([str(tmp_path / "none.yaml")]) == 1
    assert "cannot be read" in caplog.text
