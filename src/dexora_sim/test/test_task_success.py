"""Success and failure of each task on scripted states: qpos is set, contacts are MuJoCo's own."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks.bimanual_lift import BOX_SIZE_M
from dexora_sim.tasks.bottle import BOTTLE_RADIUS_M, CAP_RADIUS_M, SEAT_M, TURN_JOINT
from dexora_sim.tasks.handover import TUBE_RADIUS_M
from dexora_sim.tasks.lift import CAN_RADIUS_M

OFF = Randomisation.off()
OTHER = {"left": "right", "right": "left"}


class Script:
    """Plays scripted states to a task's judge."""

    def __init__(self, twins, puppeteer, name: str, seed: int = 0) -> None:
        self.twin = twins(name)
        self.episode = self.twin.reset(seed, randomisation=OFF)
        self.puppet = puppeteer(self.twin)
        self.judge = self.twin.scene.predicate(self.episode)
        self.start = {body: state.position for body, state in self.twin.world().objects.items()}
        self.judge.update(self.twin.world())

    def show(self, seconds: float = 0.0):
        """Show the present state once, and again for a while."""
        for _ in range(1 + round(seconds / 0.05)):
            self.twin.data.time += 0.05
            progress = self.judge.update(self.twin.world())
        return progress

    def touch(self, hand: str, name: str) -> None:
        """Bring an object to a fingertip."""
        tip = self.twin.world().hands[hand].tips["mid"]
        self.puppet.put(name, tip)
        assert self.twin.world().digits(hand, name)


@pytest.fixture
def play(twins, puppeteer):
    """Starts the script of a task."""
    return lambda name, seed=0: Script(twins, puppeteer, name, seed)


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
    lift_arm(script, "can", 0.12)
    assert script.show(0.9).stages == ("approached", "grasped", "lifted")
    assert script.show(0.2).is_success


def lift_arm(script: Script, name: str, rise_m: float) -> None:
    """Pretend that the object stood lower at first, so that it is now `rise_m` above its start."""
    height = script.twin.world().objects[name].position[2]
    script.judge = script.twin.scene.predicate(script.episode)
    world = script.twin.world()
    low = dict(world.objects)
    low[name] = type(low[name])(np.array([9.0, 0.0, height - rise_m]))
    script.judge.update(type(world)(world.time_s, low, world.hands))


def test_lift_too_low_is_not_lifted(play):
    script = play("lift")
    script.puppet.grip(script.episode.goal.hand, "can", CAN_RADIUS_M)
    lift_arm(script, "can", 0.09)
    assert script.show(2.0).stages == ("approached", "grasped")


def test_lift_by_the_other_hand_does_not_count(play):
    script = play("lift")
    script.puppet.grip(OTHER[script.episode.goal.hand], "can", CAN_RADIUS_M)
    lift_arm(script, "can", 0.2)
    assert script.show(2.0).score == 0.0


def test_lift_thrown_into_the_air_is_not_lifted(play):
    script = play("lift")
    script.puppet.grip(script.episode.goal.hand, "can", CAN_RADIUS_M)
    lift_arm(script, "can", 0.0)
    script.show()
    script.puppet.put("can", script.start["can"] + np.array((0.0, 0.0, 0.5)))
    assert script.show(2.0).stages == ("approached", "grasped")


def test_lift_dropped_before_the_second_is_over_starts_again(play):
    script = play("lift")
    hand = script.episode.goal.hand
    script.puppet.grip(hand, "can", CAN_RADIUS_M)
    lift_arm(script, "can", 0.15)
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


def hold_box(script: Script, hands=("left", "right")) -> None:
    """Bring the palms together so that the box fits between them."""
    world = script.twin.world()
    middle = (world.hands["left"].palm + world.hands["right"].palm) / 2
    script.puppet.put("box", middle)
    for hand in hands:
        sign = 1.0 if hand == "left" else -1.0
        face_y = middle[1] + sign * (BOX_SIZE_M[1] / 2 - 0.002)
        move_hand(script, hand, face_y - world.hands[hand].palm[1])


def move_hand(script: Script, hand: str, shift_y_m: float) -> None:
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
    lift_arm(script, "box", 0.12)
    assert script.show(0.9).stages == ("approached", "grasped", "lifted")
    assert script.show(0.2).is_success


@pytest.mark.parametrize("hand", ["left", "right"])
def test_bimanual_one_hand_alone_does_not_count(play, hand):
    script = play("bimanual_lift")
    hold_box(script, (hand,))
    lift_arm(script, "box", 0.12)
    assert "grasped" not in script.show(2.0).stages


# open bottle


def turn_cap(script: Script, angle_rad: float) -> None:
    script.twin.data.qpos[script.twin.model.joint(TURN_JOINT).qposadr[0]] = angle_rad
    mujoco.mj_forward(script.twin.model, script.twin.data)


def grasp_bottle(script: Script, *, holds: bool = True) -> None:
    goal = script.episode.goal
    if holds:
        script.puppet.grip(goal.other_hand, "bottle", BOTTLE_RADIUS_M)
    script.puppet.grip(goal.hand, "cap", CAP_RADIUS_M)


STAGES = ("approached", "bottle_held", "cap_grasped", "quarter_turned", "half_turned", "off")


def test_open_bottle_turned_and_taken_off_succeeds(play):
    script = play("open_bottle")
    grasp_bottle(script)
    assert script.show().stages == STAGES[:3]
    turn_cap(script, math.radians(95))
    assert script.show().stages == STAGES[:4]
    turn_cap(script, math.radians(181))
    progress = script.show(0.6)
    assert progress.stages == STAGES
    assert progress.is_success


def test_open_bottle_179_degrees_is_not_open(play):
    script = play("open_bottle")
    grasp_bottle(script)
    turn_cap(script, math.radians(179))
    assert script.show(2.0).stages == STAGES[:4]


def test_open_bottle_cap_still_on_is_not_open(play):
    script = play("open_bottle")
    grasp_bottle(script)
    script.show()
    turn_cap(script, math.radians(200))
    bottle = script.twin.world().objects["bottle"]
    script.puppet.put("cap", bottle.position + bottle.rotation @ np.array((0.0, 0.0, SEAT_M + 0.01)))
    assert script.show(2.0).stages == STAGES[:5]


def test_open_bottle_nobody_holds_the_bottle_does_not_count(play):
    script = play("open_bottle")
    grasp_bottle(script, holds=False)
    turn_cap(script, math.radians(200))
    assert script.show(2.0).score == 0.0


def test_open_bottle_cap_thrown_away_is_not_held(play):
    script = play("open_bottle")
    grasp_bottle(script)
    turn_cap(script, math.radians(200))
    script.show()
    script.puppet.put("cap", (0.6, 0.3, 0.9))
    assert not script.show(2.0).is_success


# handover


def give(script: Script, hand: str) -> None:
    script.puppet.grip(hand, "tube", TUBE_RADIUS_M)
    lift_arm(script, "tube", 0.1)


def test_handover_lifted_shared_passed_and_held_succeeds(play):
    script = play("handover")
    giver = script.episode.goal.hand
    give(script, giver)
    assert script.show().stages == ("approached", "grasped", "lifted")
    share(script, giver)
    assert script.show().stages[-1] == "shared"
    script.puppet.grip(OTHER[giver], "tube", TUBE_RADIUS_M)
    assert script.show(0.9).stages[-1] == "passed"
    assert script.show(0.2).is_success


def share(script: Script, giver: str) -> None:
    """Let the taker's palm touch the tube in the giver's hand, by moving the taker's whole arm there."""
    model, data = script.twin.model, script.twin.data
    taker = OTHER[giver]
    tube = script.twin.world().objects["tube"].position
    palm = script.twin.world().hands[taker].palm
    base = model.body(f"{taker}_arm_base").id
    model.body_pos[base] += tube - palm + np.array((0.0, 0.0, 0.06))
    mujoco.mj_forward(model, data)
    assert script.twin.world().digits(taker, "tube")
    assert script.twin.world().digits(giver, "tube")
    model.body_pos[base] -= tube - palm + np.array((0.0, 0.0, 0.06))


def test_handover_picked_up_by_the_taker_alone_does_not_count(play):
    script = play("handover")
    give(script, OTHER[script.episode.goal.hand])
    assert script.show(2.0).score == 0.0


def test_handover_kept_by_the_giver_does_not_succeed(play):
    script = play("handover")
    give(script, script.episode.goal.hand)
    assert script.show(3.0).stages == ("approached", "grasped", "lifted")


def test_handover_on_the_table_is_not_in_the_air(play):
    script = play("handover")
    script.puppet.grip(script.episode.goal.hand, "tube", TUBE_RADIUS_M)
    lift_arm(script, "tube", 0.02)
    assert script.show(2.0).stages == ("approached", "grasped")
