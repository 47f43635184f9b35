"""Success and failure of reach, lift and bimanual_lift on states set by qpos; contacts are MuJoCo's own."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from dexora_sim.tasks.bimanual_lift import BOX_SIZE_M
from dexora_sim.tasks.lift import CAN_RADIUS_M

OTHER = {"left": "right", "right": "left"}


# reach


def others(goal) -> list[str]:
    return [shape for shape in ("cube", "ball", "cylinder") if shape != goal.target]


@pytest.mark.parametrize("seed", range(4))
def test_reach_named_object_touched_by_named_hand_succeeds(play, seed):
    script = play("reach", seed)
    script.touch(script.episode.goal.hand, script.episode.goal.target)
    assert script.show(0.2).is_success


def test_reach_brush_is_not_enough(play):
    script = play("reach")
    script.touch(script.episode.goal.hand, script.episode.goal.target)
    assert script.show().stages == ("approached",)


def test_reach_other_object_first_fails_and_names_both(play):
    script = play("reach")
    goal = script.episode.goal
    script.touch(goal.hand, others(goal)[0])
    assert (
        script.show().failure == f"the {goal.hand} hand touched the {others(goal)[0]}, not the {goal.target}"
    )


def test_reach_wrong_hand_fails(play):
    script = play("reach")
    goal = script.episode.goal
    script.touch(OTHER[goal.hand], goal.target)
    assert "hand was asked for" in script.show().failure


@pytest.mark.parametrize("hand", ["left", "right"])
def test_reach_either_takes_any_hand(play, hand):
    script = play("reach_either")
    script.touch(hand, script.episode.goal.target)
    assert script.show(0.2).is_success


# lift


def test_lift_held_high_for_a_second_succeeds(play):
    script = play("lift")
    script.puppet.grip(script.episode.goal.hand, "can", CAN_RADIUS_M)
    script.pretend_risen("can", 0.12)
    assert script.show(0.9).stages == ("approached", "grasped", "lifted")
    assert script.show(0.2).is_success


def test_lift_too_low_is_not_lifted(play):
    script = play("lift")
    script.puppet.grip(script.episode.goal.hand, "can", CAN_RADIUS_M)
    script.pretend_risen("can", 0.09)
    assert script.show(2.0).stages == ("approached", "grasped")


def test_lift_by_the_other_hand_does_not_count(play):
    script = play("lift")
    script.puppet.grip(OTHER[script.episode.goal.hand], "can", CAN_RADIUS_M)
    script.pretend_risen("can", 0.2)
    assert script.show(2.0).score == 0.0


def test_lift_thrown_into_the_air_is_not_lifted(play):
    script = play("lift")
    script.puppet.grip(script.episode.goal.hand, "can", CAN_RADIUS_M)
    script.pretend_risen("can", 0.0)
    script.show()
    script.puppet.put("can", script.start["can"] + np.array((0.0, 0.0, 0.5)))
    assert script.show(2.0).stages == ("approached", "grasped")


def test_lift_dropped_before_the_second_is_over_starts_again(play):
    script = play("lift")
    hand = script.episode.goal.hand
    script.puppet.grip(hand, "can", CAN_RADIUS_M)
    script.pretend_risen("can", 0.15)
    script.show(0.8)
    held = script.twin.data.qpos.copy()
    script.puppet.put("can", script.start["can"])
    script.show()
    script.twin.data.qpos[:] = held
    mujoco.mj_forward(script.twin.model, script.twin.data)
    assert not script.show(0.8).is_success
    assert script.show(0.3).is_success


@pytest.mark.parametrize(
    ("task", "name"),
    [("lift", "can"), ("bimanual_lift", "box"), ("handover", "tube"), ("open_bottle", "bottle")],
)
def test_object_below_the_table_fails(play, task, name):
    script = play(task)
    script.puppet.put(name, (1.5, 0.0, 0.1))
    assert script.show().failure == f"the {name} fell off the table"


# bimanual lift


def hold_box(script, hands=("left", "right")) -> None:
    """Bring the palms together so that the box fits between them."""
    world = script.twin.world()
    middle = (world.hands["left"].palm + world.hands["right"].palm) / 2
    script.puppet.put("box", middle)
    for hand in hands:
        sign = 1.0 if hand == "left" else -1.0
        face_y = middle[1] + sign * (BOX_SIZE_M[1] / 2 - 0.002)
        move_hand(script, hand, face_y - world.hands[hand].palm[1])


def move_hand(script, hand: str, shift_y_m: float) -> None:
    """Move a palm sideways by Newton steps on the arm's joints."""
    model, data = script.twin.model, script.twin.data
    site = model.site(f"{hand}_palm").id
    joints = [model.joint(f"{hand}_arm_joint_{k}") for k in range(1, 7)]
    goal = data.site_xpos[site] + np.array((0.0, shift_y_m, 0.0))
    for _ in range(60):
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, jacobian, None, site)
        arm = jacobian[:, [int(joint.dofadr[0]) for joint in joints]]
        step = arm.T @ np.linalg.solve(arm @ arm.T + 1e-4 * np.eye(3), goal - data.site_xpos[site])
        data.qpos[[int(joint.qposadr[0]) for joint in joints]] += np.clip(step, -0.1, 0.1)
        mujoco.mj_forward(model, data)


def test_bimanual_held_high_by_both_for_a_second_succeeds(play):
    script = play("bimanual_lift")
    hold_box(script)
    script.pretend_risen("box", 0.12)
    assert script.show(0.9).stages == ("approached", "grasped", "lifted")
    assert script.show(0.2).is_success


@pytest.mark.parametrize("hand", ["left", "right"])
def test_bimanual_one_hand_alone_does_not_count(play, hand):
    script = play("bimanual_lift")
    hold_box(script, (hand,))
    script.pretend_risen("box", 0.12)
    assert "grasped" not in script.show(2.0).stages
