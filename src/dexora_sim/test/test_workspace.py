"""Every place where a task puts an object is reached by the hands that need it, in the pose they need."""

from __future__ import annotations

import itertools

import mujoco
import numpy as np
import pytest
from dexora_sim.contacts import HANDS
from dexora_sim.tasks import workspace
from dexora_sim.tasks.bimanual_lift import BOX_SIZE_M
from dexora_sim.tasks.bottle import BOTTLE_HEIGHT_M, BOTTLE_RADIUS_M, CAP_HEIGHT_M
from dexora_sim.tasks.furniture import TABLE_TOP_M
from dexora_sim.tasks.handover import TUBE_RADIUS_M
from dexora_sim.tasks.lift import CAN_RADIUS_M, LIFT_M
from dexora_sim.tasks.start_pose import ready_rad

from dexora_description import mjcf_path

GRASP_HEIGHT_M = 0.07
"""Above the table; the lower edge of an upright palm is 4.4 cm below its middle."""


class Arms:
    """Inverse kinematics by Newton steps from the ready pose; palm frame: x out of the palm, z fingers."""

    def __init__(self, contract) -> None:
        self.model = mujoco.MjModel.from_xml_path(str(mjcf_path()))
        self.data = mujoco.MjData(self.model)
        self.start = ready_rad(contract)
        self.qpos = [int(self.model.joint(name).qposadr[0]) for name in contract.joint_names]

    def reaches(self, hand: str, position, out, fingers) -> bool:
        model, data = self.model, self.data
        x = np.array(out, float) / np.linalg.norm(out)
        z = np.array(fingers, float) - x * (x @ np.array(fingers, float))
        z /= np.linalg.norm(z)
        wanted = np.column_stack([x, np.cross(z, x), z])
        site = model.site(f"{hand}_palm").id
        joints = [model.joint(f"{hand}_arm_joint_{k}") for k in range(1, 7)]
        columns = [int(joint.dofadr[0]) for joint in joints]
        rows = [int(joint.qposadr[0]) for joint in joints]
        low, high = np.array([joint.range for joint in joints]).T
        data.qpos[self.qpos] = self.start
        for _ in range(150):
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            error = np.zeros(6)
            error[:3] = position - data.site_xpos[site]
            turn = np.zeros(4)
            mujoco.mju_mat2Quat(turn, (wanted @ data.site_xmat[site].reshape(3, 3).T).ravel())
            mujoco.mju_quat2Vel(error[3:], turn, 1.0)
            if np.linalg.norm(error[:3]) < 0.005 and np.linalg.norm(error[3:]) < 0.1:
                return True
            jacobian = np.zeros((6, model.nv))
            mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], site)
            arm = jacobian[:, columns]
            arm[3:] *= 0.3
            error[3:] *= 0.3
            step = arm.T @ np.linalg.solve(arm @ arm.T + 1e-4 * np.eye(6), error)
            data.qpos[rows] = np.clip(data.qpos[rows] + np.clip(step, -0.2, 0.2), low, high)
        return False


@pytest.fixture(scope="module")
def arms(contract):
    return Arms(contract)


def corners(region):
    for along_x, along_y in itertools.product((-1, 0, 1), repeat=2):
        yield region.x_m + along_x * region.half_x_m, region.y_m + along_y * region.half_y_m


def inwards(hand: str) -> np.ndarray:
    return np.array((0.0, 1.0 if hand == "right" else -1.0, 0.0))


def beside(hand: str, x_m: float, y_m: float, height_m: float, distance_m: float):
    """Palm beside an upright object, fingers forwards and a little inwards and down."""
    out = inwards(hand) + np.array((-0.4, 0.0, 0.0))
    out /= np.linalg.norm(out)
    position = np.array((x_m, y_m, TABLE_TOP_M + height_m)) - out * distance_m
    return position, out, inwards(hand) * 0.4 + np.array((1.0, 0.0, -0.15))


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("rise_m", [0.0, LIFT_M + 0.03])
def test_can_is_reached_and_lifted_from_the_side(arms, hand, rise_m):
    for x_m, y_m in corners(workspace.OF_HAND[hand]):
        pose = beside(hand, x_m, y_m, GRASP_HEIGHT_M + rise_m, CAN_RADIUS_M + 0.005)
        assert arms.reaches(hand, *pose), (x_m, y_m)


@pytest.mark.parametrize("hand", HANDS)
def test_every_place_of_reach_is_in_reach_of_both_hands(arms, hand):
    for region in workspace.ROW:
        for x_m, y_m in corners(region):
            assert arms.reaches(hand, *beside(hand, x_m, y_m, GRASP_HEIGHT_M, 0.05)), (x_m, y_m)


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("rise_m", [0.0, LIFT_M + 0.03])
def test_sides_of_the_box_are_reached_and_lifted(arms, hand, rise_m):
    half = BOX_SIZE_M[1] / 2
    for x_m, y_m in corners(workspace.BOX):
        pose = beside(hand, x_m, y_m - inwards(hand)[1] * half, GRASP_HEIGHT_M + rise_m, 0.005)
        assert arms.reaches(hand, *pose), (x_m, y_m)


@pytest.mark.parametrize("hand", HANDS)
def test_bottle_is_held_from_the_side_and_its_cap_from_above(arms, hand):
    top_m = BOTTLE_HEIGHT_M + CAP_HEIGHT_M
    for x_m, y_m in corners(workspace.BOTTLE):
        pose = beside(hand, x_m, y_m, GRASP_HEIGHT_M, BOTTLE_RADIUS_M + 0.005)
        assert arms.reaches(hand, *pose), (x_m, y_m)
        above = np.array((x_m, y_m, TABLE_TOP_M + top_m + 0.05))
        assert arms.reaches(hand, above, (0.0, 0.0, -1.0), np.array((0.5, 0.0, 0.0)) + inwards(hand)), (
            x_m,
            y_m,
        )


@pytest.mark.parametrize("giver", HANDS)
def test_tube_is_reached_low_by_the_giver_and_raised_to_the_middle(arms, giver):
    taker = "left" if giver == "right" else "right"
    for x_m, y_m in corners(workspace.HANDOVER[giver]):
        pose = beside(giver, x_m, y_m, GRASP_HEIGHT_M, TUBE_RADIUS_M + 0.005)
        assert arms.reaches(giver, *pose), (x_m, y_m)
    middle = workspace.FORWARD_M, 0.0
    assert arms.reaches(giver, *beside(giver, *middle, GRASP_HEIGHT_M + 0.1, TUBE_RADIUS_M + 0.005))
    assert arms.reaches(taker, *beside(taker, *middle, GRASP_HEIGHT_M + 0.22, TUBE_RADIUS_M + 0.005))
