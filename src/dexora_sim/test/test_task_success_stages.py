"""Success and failure of tasks in several stages on scripted states: open_bottle and handover."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from dexora_sim.tasks.bottle import BOTTLE_RADIUS_M, CAP_RADIUS_M, SEAT_M, TURN_JOINT
from dexora_sim.tasks.handover import TUBE_RADIUS_M

OTHER = {"left": "right", "right": "left"}


def turn_cap(script, angle_rad: float) -> None:
    script.twin.data.qpos[script.twin.model.joint(TURN_JOINT).qposadr[0]] = angle_rad
    mujoco.mj_forward(script.twin.model, script.twin.data)


def grasp_bottle(script, *, holds: bool = True) -> None:
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


def give(script, hand: str) -> None:
    script.puppet.grip(hand, "tube", TUBE_RADIUS_M)
    script.pretend_risen("tube", 0.1)


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


def share(script, giver: str) -> None:
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
    script.pretend_risen("tube", 0.02)
    assert script.show(2.0).stages == ("approached", "grasped")
