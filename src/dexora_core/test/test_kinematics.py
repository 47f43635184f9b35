"""Pins transforms from joint positions against hand-computed poses, and that a broken URDF is refused."""

import numpy as np
import pytest
from dexora_core.kinematics import KinematicsError, rotation_matrices
from dexora_core.kinematics_urdf import load_urdf, parse_urdf

URDF = """<robot name="bench">
  <link name="base"/><link name="upper"/><link name="lower"/><link name="slider"/><link name="tip"/>
  <joint name="tip_mount" type="fixed">
    <origin xyz="0 0 0.5"/><parent link="lower"/><child link="tip"/>
  </joint>
  <joint name="shoulder" type="revolute">
    <origin xyz="0 0 1" rpy="0 0 1.5707963267948966"/><parent link="base"/><child link="upper"/>
    <axis xyz="0 0 2"/><limit lower="-1" upper="2" velocity="1" effort="1"/>
  </joint>
  <joint name="elbow" type="continuous">
    <origin xyz="1 0 0"/><parent link="upper"/><child link="lower"/><axis xyz="0 1 0"/>
  </joint>
  <joint name="rail" type="prismatic">
    <origin rpy="1.5707963267948966 0 0"/><parent link="base"/><child link="slider"/>
    <axis xyz="0 0 1"/><limit lower="0" upper="1" velocity="1" effort="1"/>
  </joint>
</robot>"""
TREE = parse_urdf(URDF)


def positions(**values):
    return np.array([values.get(name, 0.0) for name in TREE.joint_names])


def place(q, link):
    return TREE.link_poses(q)[..., TREE.link_names.index(link), :, :]


def test_tree_is_ordered_parents_first():
    assert TREE.root == "base"
    assert TREE.link_names == ("base", "upper", "slider", "lower", "tip")
    assert TREE.joint_names == ("shoulder", "rail", "elbow")


def test_link_poses_match_hand_computed_ones():
    q = positions(shoulder=-np.pi / 2, elbow=np.pi / 2, rail=0.25)
    assert place(q, "upper")[:3, :3] == pytest.approx(np.eye(3))
    assert place(q, "tip")[:3, 3] == pytest.approx([1.5, 0.0, 1.0])
    assert place(q, "slider")[:3, 3] == pytest.approx([0.0, -0.25, 0.0])


def test_link_poses_of_a_batch_equal_single_ones():
    batch = np.random.default_rng(1).uniform(-2, 2, size=(5, 2, 3))
    together = TREE.link_poses(batch)
    assert together.shape == (5, 2, 5, 4, 4)
    assert together[3, 1] == pytest.approx(TREE.link_poses(batch[3, 1]))


def test_moving_transforms_carry_unit_quaternions_in_the_parent():
    moving = TREE.moving_transforms(positions(shoulder=0.3))
    assert moving.parents == ("base", "base", "upper")
    assert moving.children == ("upper", "slider", "lower")
    assert np.linalg.norm(moving.quaternions, axis=1) == pytest.approx(1.0)
    turned = rotation_matrices(moving.quaternions)[0]
    assert turned[:2, 0] == pytest.approx([np.cos(np.pi / 2 + 0.3), np.sin(np.pi / 2 + 0.3)])


def test_static_transforms_are_the_fixed_joints():
    static = TREE.static_transforms()
    assert static.children == ("tip",)
    assert static.translations[0] == pytest.approx([0, 0, 0.5])


def test_limits_are_read():
    assert (TREE.joint("shoulder").lower, TREE.joint("shoulder").upper) == (-1.0, 2.0)
    assert TREE.joint("elbow").upper == np.inf


@pytest.mark.parametrize(
    ("q", "words"),
    [
        (np.zeros(2), "positions have shape (2,); robot bench has 3 movable joints"),
        (np.array([0.0, np.nan, 0.0]), "not finite for rail; drop this joint state"),
        (np.array(1.0), "positions have shape ()"),
    ],
)
def test_unfit_positions_are_refused(q, words):
    with pytest.raises(KinematicsError) as info:
        TREE.moving_transforms(q)
    assert words in str(info.value)


def test_batch_of_transforms_is_refused():
    with pytest.raises(KinematicsError, match="need one pose"):
        TREE.moving_transforms(np.zeros((2, 3)))


def test_unknown_joint_lists_the_movable_ones():
    with pytest.raises(KinematicsError, match="no joint 'wrist'; movable joints are shoulder, rail, elbow"):
        TREE.joint("wrist")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("continuous", "floating", "joint elbow is of type 'floating'; supported are fixed, revolute"),
        ('<axis xyz="0 0 2"/>', '<axis xyz="0 0 0"/>', "joint shoulder has the axis 0 0 0"),
        ('xyz="0 0 1" rpy', 'xyz="0 0" rpy', "must be three finite numbers"),
        ('xyz="0 0 1" rpy', 'xyz="0 0 up" rpy', "must be three finite numbers"),
        ('upper="2"', 'upper="two"', 'joint shoulder has upper="two"; it must be one finite number'),
        ('upper="2"', 'upper="nan"', 'upper="nan"; it must be one finite number'),
        ('upper="2"', 'upper="-2"', "joint shoulder has lower -1 above upper -2"),
        ('name="rail"', 'name="elbow"', "used twice: elbow"),
        ('name="rail"', 'name=""', "empty or used twice: ''"),
        ('<parent link="upper"/>', "", "joint elbow has no parent link"),
        ('<child link="lower"/>', '<child link="upper"/>', "links with two parents: upper"),
        ('<parent link="lower"/>', '<parent link="nowhere"/>', "one root link; found base, nowhere"),
        ('<parent link="upper"/>', '<parent link="tip"/>', "links that hang on no root: lower, tip"),
        ('<axis xyz="0 1 0"/>', '<mimic joint="shoulder"/>', "joint elbow mimics another"),
        ("robot", "model", "the root element is <model>"),
        ("</robot>", "", "not XML"),
    ],
)
def test_broken_urdf_is_refused(old, new, words):
    with pytest.raises(KinematicsError) as info:
        parse_urdf(URDF.replace(old, new))
    assert words in str(info.value)


def test_robot_without_joints_is_refused():
    with pytest.raises(KinematicsError, match="it has no joint"):
        parse_urdf("<robot name='stone'><link name='base'/></robot>")


def test_file_errors_name_the_file(tmp_path):
    with pytest.raises(KinematicsError, match=r"absent\.urdf cannot be read"):
        load_urdf(tmp_path / "absent.urdf")
    (tmp_path / "latin.urdf").write_bytes(b"<robot name='\xe9'/>")
    with pytest.raises(KinematicsError, match=r"latin\.urdf is no UTF-8 text"):
        load_urdf(tmp_path / "latin.urdf")
    (tmp_path / "bad.urdf").write_text("<model/>")
    with pytest.raises(KinematicsError, match=r"bad\.urdf: the root element"):
        load_urdf(tmp_path / "bad.urdf")
