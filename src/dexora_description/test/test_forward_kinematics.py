"""Pins that URDF and MJCF are one robot: each link at 1,000 random poses to 1e-6 m, no contact at rest."""

import pathlib

import numpy as np
import pytest
import yaml

from dexora_description import contract_path, mjcf_path, urdf_path

mujoco = pytest.importorskip("mujoco")
kinematics_urdf = pytest.importorskip("dexora_core.kinematics_urdf")

CONTRACT = yaml.safe_load(pathlib.Path(contract_path()).read_text(encoding="utf-8"))
JOINTS = {joint["name"]: joint for joint in CONTRACT["joints"]}
TREE = kinematics_urdf.load_urdf(urdf_path())
MODEL = mujoco.MjModel.from_xml_path(str(mjcf_path()))
LOWER = np.array([JOINTS[name]["lower_rad"] for name in TREE.joint_names])
UPPER = np.array([JOINTS[name]["upper_rad"] for name in TREE.joint_names])
HOME = np.array([JOINTS[name]["home_rad"] for name in TREE.joint_names])
QPOS = np.array([MODEL.joint(name).qposadr[0] for name in TREE.joint_names])
TIPS = tuple(
    f"{side}_{finger}_tip"
    for side in ("left", "right")
    for finger in ("thumb", "index", "mid", "ring", "pinky")
)


def posed(positions):
    data = mujoco.MjData(MODEL)
    data.qpos[QPOS] = positions
    mujoco.mj_forward(MODEL, data)
    return data


def at(poses, link):
    return poses[..., TREE.link_names.index(link), :, :]


def touching(positions):
    data = posed(positions)
    bodies = [MODEL.body(MODEL.geom_bodyid[geom]).name for contact in data.contact for geom in contact.geom]
    return sorted(set(bodies))


def test_every_link_agrees_at_1000_random_poses():
    batch = np.random.default_rng(7).uniform(LOWER, UPPER, size=(1000, len(LOWER)))
    poses = TREE.link_poses(batch)
    data = mujoco.MjData(MODEL)
    bodies = [MODEL.body(i).name for i in range(1, MODEL.nbody)]
    sites = ("left_palm", "right_palm", *TIPS)
    worst_m = worst_turn = 0.0
    for positions, links in zip(batch, poses, strict=True):
        data.qpos[QPOS] = positions
        mujoco.mj_kinematics(MODEL, data)
        for name in bodies:
            pose = at(links, name)
            worst_m = max(worst_m, np.abs(pose[:3, 3] - data.body(name).xpos).max())
            worst_turn = max(worst_turn, np.abs(pose[:3, :3].ravel() - data.body(name).xmat).max())
        for name in sites:
            worst_m = max(worst_m, np.abs(at(links, name)[:3, 3] - data.site(name).xpos).max())
    assert worst_m < 1e-6
    assert worst_turn < 1e-6


def test_simulator_reads_the_urdf_as_the_same_robot():
    read = mujoco.MjModel.from_xml_path(str(urdf_path()))
    data, q = mujoco.MjData(read), np.random.default_rng(11).uniform(LOWER, UPPER)
    data.qpos[[read.joint(name).qposadr[0] for name in TREE.joint_names]] = q
    mujoco.mj_kinematics(read, data)
    poses = TREE.link_poses(q)
    for name in TREE.joint_names:
        link = TREE.joint(name).child
        assert at(poses, link)[:3, 3] == pytest.approx(data.body(link).xpos, abs=1e-6)
    for name in TREE.joint_names:
        assert read.joint(name).range == pytest.approx(MODEL.joint(name).range, abs=1e-9)


def test_cameras_look_where_their_optical_frames_point():
    poses, data = TREE.link_poses(HOME), posed(HOME)
    for camera in CONTRACT["cameras"]:
        optical, seen = at(poses, camera["frame_id"]), data.cam(camera["view"])
        assert optical[:3, 3] == pytest.approx(seen.xpos, abs=1e-6)
        assert optical[:3, :3] @ np.diag([1.0, -1.0, -1.0]) == pytest.approx(
            seen.xmat.reshape(3, 3), abs=1e-6
        )


def test_nothing_touches_at_home_and_at_rest_poses():
    assert touching(HOME) == []
    lifted = {"left_arm_joint_1": 0.6, "right_arm_joint_1": -0.6}
    rest = np.array([lifted.get(name, 0.0) for name in TREE.joint_names])
    assert touching(rest) == []
    fingers = np.array(["hand" in name for name in TREE.joint_names])
    assert touching(np.where(fingers, 0.0, HOME)) == []


def test_hands_at_home_wait_in_front_of_the_robot_above_a_table():
    poses = TREE.link_poses(HOME)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        palm = at(poses, f"{side}_palm")
        assert 0.35 < palm[0, 3] < 0.65
        assert 0.10 < sign * palm[1, 3] < 0.35
        assert 0.90 < palm[2, 3] < 1.10
        out_of_palm, thumb = palm[:3, 0], at(poses, f"{side}_thumb_tip")[:3, 3]
        assert out_of_palm[2] < -0.2, "the palm looks down"
        assert out_of_palm[0] < -0.5, "and towards the robot"
        assert thumb[2] > palm[2, 3], "the thumb is on top"


def test_fingers_curl_towards_the_palm():
    flat, curled = (
        TREE.link_poses(np.clip(np.zeros(36), LOWER, UPPER)),
        TREE.link_poses(np.clip(np.ones(36), LOWER, UPPER)),
    )
    for tip in TIPS:
        side = tip.split("_", maxsplit=1)[0]
        for poses, outward in ((flat, False), (curled, True)):
            in_hand = np.linalg.inv(at(poses, f"{side}_hand_base")) @ at(poses, tip)
            assert (in_hand[0, 3] > 0.03) == outward


def test_hands_mirror_each_other_with_equal_joint_values():
    generator = np.random.default_rng(3)
    mirror = np.diag([1.0, -1.0, 1.0])
    for _ in range(20):
        hand = {
            k: generator.uniform(*(JOINTS[f"left_hand_joint_{k}"][b] for b in ("lower_rad", "upper_rad")))
            for k in range(1, 13)
        }
        q = np.array(
            [hand[int(name.rsplit("_", 1)[1])] if "hand" in name else 0.0 for name in TREE.joint_names]
        )
        poses = TREE.link_poses(np.clip(q, LOWER, UPPER))
        for finger in ("thumb", "index", "mid", "ring", "pinky"):
            left, right = (
                (np.linalg.inv(at(poses, f"{side}_hand_base")) @ at(poses, f"{side}_{finger}_tip"))[:3, 3]
                for side in ("left", "right")
            )
            assert left == pytest.approx(mirror @ right, abs=1e-9)
