"""Pins that the MJCF can do the job: it holds, tracks, opposes the thumb, feels, and holds a can."""

import numpy as np
import pytest
import yaml

from dexora_description import contract_path, mjcf_path

mujoco = pytest.importorskip("mujoco")

CONTRACT = yaml.safe_load(contract_path().read_text(encoding="utf-8"))
NAMES = [joint["name"] for joint in CONTRACT["joints"]]
HOME = np.array([joint["home_rad"] for joint in CONTRACT["joints"]])
CAN_RADIUS_M, CAN_HALF_LENGTH_M, CAN_MASS_KG = 0.033, 0.06, 0.35
GRIP_RAD = np.array([1.3, 0.8, 0.9, 0.0, 1.4, 1.2, 1.4, 1.2, 1.4, 1.2, 1.4, 1.2])


def world(with_can_in=None):
    spec = mujoco.MjSpec.from_file(str(mjcf_path()))
    if with_can_in:
        can = spec.worldbody.add_body(name="can")
        can.add_freejoint()
        size = [CAN_RADIUS_M, CAN_HALF_LENGTH_M, 0]
        can.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=size, mass=CAN_MASS_KG, friction=[0.8, 0.005, 0.0001]
        )
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[order(model)] = HOME
    data.ctrl[:] = HOME
    mujoco.mj_forward(model, data)
    return model, data


def order(model):
    return np.array([model.joint(name).qposadr[0] for name in NAMES])


def test_names_are_those_the_twin_expects():
    model, _ = world()
    sites = {model.site(i).name for i in range(model.nsite)}
    sensors = {model.sensor(i).name for i in range(model.nsensor)}
    assert [model.actuator(i).name for i in range(model.nu)] == NAMES
    for side in ("left", "right"):
        assert f"{side}_palm" in sites
        for finger in ("thumb", "index", "mid", "ring", "pinky"):
            assert f"{side}_{finger}_tip" in sites
            assert f"{side}_{finger}_touch" in sensors
    assert [model.camera(i).name for i in range(model.ncam)].sort() == [
        c["view"] for c in CONTRACT["cameras"]
    ].sort()
    assert model.opt.timestep == 0.002


def test_robot_holds_its_home_pose():
    model, data = world()
    for _ in range(1000):
        mujoco.mj_step(model, data)
    assert np.abs(data.qpos[order(model)] - HOME).max() < 1e-4
    assert np.abs(data.qvel).max() < 1e-3


@pytest.mark.parametrize("name", [name for name in NAMES if "arm" in name])
def test_arm_joint_tracks_with_a_constant_small_lag(name):
    model, data = world()
    joint, amplitude_rad, frequency_hz = NAMES.index(name), 0.2, 0.5
    where, steps = order(model)[joint], 1000
    wave = np.exp(-2j * np.pi * frequency_hz * np.arange(steps) * 0.002)
    measured = []
    for step in range(2 * steps):
        data.ctrl[joint] = HOME[joint] + amplitude_rad * np.sin(2 * np.pi * frequency_hz * step * 0.002)
        mujoco.mj_step(model, data)
        measured.append(data.qpos[where] - HOME[joint])
    response = np.array(measured[steps:]) @ wave / (steps / 2)
    lag_s = -(np.angle(response) + np.pi / 2) / (2 * np.pi * frequency_hz)
    assert abs(response) == pytest.approx(amplitude_rad, rel=0.02)
    assert 0.015 < lag_s < 0.030


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("finger, last", [("index", 6), ("mid", 8)])
def test_thumb_opposes_finger_within_joint_range(side, finger, last):
    model, data = world()
    joints = [model.joint(f"{side}_hand_joint_{k}") for k in (1, 2, 3, 4, last - 1, last)]
    where, dofs = (np.array([getattr(j, a)[0] for j in joints]) for a in ("qposadr", "dofadr"))
    lower, upper = np.array([j.range for j in joints]).T
    tips = [model.site(f"{side}_{name}_tip").id for name in ("thumb", finger)]
    q, jacobians = (0.7 * lower + 0.3 * upper), np.zeros((2, 3, model.nv))
    q[0] = 1.4
    for _ in range(200):
        data.qpos[where] = q
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        for jacobian, tip in zip(jacobians, tips, strict=True):
            mujoco.mj_jacSite(model, data, jacobian, None, tip)
        gap = data.site_xpos[tips[0]] - data.site_xpos[tips[1]]
        slope = (jacobians[0] - jacobians[1])[:, dofs]
        q = np.clip(q - slope.T @ np.linalg.solve(slope @ slope.T + 1e-5 * np.eye(3), gap), lower, upper)
    assert np.linalg.norm(gap) < 0.005


@pytest.mark.parametrize("side", ["left", "right"])
def test_hand_holds_a_66_mm_can_and_feels_it(side):
    model, data = world(with_can_in=side)
    hand = data.body(f"{side}_hand_base")
    turn = hand.xmat.reshape(3, 3) @ np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    data.qpos[-7:-4] = hand.xpos + hand.xmat.reshape(3, 3) @ (0.056, 0.0, 0.095)
    mujoco.mju_mat2Quat(data.qpos[-4:], turn.ravel())
    fingers = slice(12, 24) if side == "left" else slice(24, 36)
    data.qpos[order(model)[fingers]] = 0.0
    gravity = model.opt.gravity.copy()
    model.opt.gravity[:] = 0.0
    for step in range(500):
        data.ctrl[fingers] = GRIP_RAD * min(1.0, step / 350)
        mujoco.mj_step(model, data)
    held_at = hand.xmat.reshape(3, 3).T @ (data.body("can").xpos - hand.xpos)
    model.opt.gravity[:] = gravity
    for _ in range(1500):
        mujoco.mj_step(model, data)
    moved_m = np.linalg.norm(hand.xmat.reshape(3, 3).T @ (data.body("can").xpos - hand.xpos) - held_at)
    felt = {model.sensor(i).name: data.sensordata[model.sensor_adr[i]] for i in range(model.nsensor)}
    assert moved_m < 0.005
    assert all(value > 0.5 for name, value in felt.items() if name.startswith(side))
    assert all(value == 0.0 for name, value in felt.items() if not name.startswith(side))
