"""Contact physics: a closed hand holds a can against gravity and shaking, an open one does not."""

from __future__ import annotations

import numpy as np
import pytest
from dexora_sim.contacts import HANDS
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks.lift import CAN_RADIUS_M

SQUEEZE_RAD = 0.3
"""Targets beyond the touch, as a servo hand squeezes."""


def gripped(twin, puppeteer, hand: str) -> np.ndarray:
    """Close a hand around the can and return the targets that squeeze it."""
    twin.reset(0, randomisation=Randomisation.off())
    puppeteer(twin).grip(hand, "can", CAN_RADIUS_M)
    targets = twin.state().position
    digits = twin.contract.group_indices(f"{hand}_hand")
    targets[digits[1:3]] += SQUEEZE_RAD
    targets[digits[4:]] += SQUEEZE_RAD
    return targets


def slip_m(twin, hand: str, targets: np.ndarray, swing_rad: float) -> float:
    """Hold for 2 s while the arm swings at 1 Hz; return how far the can moves in the hand."""
    arm = twin.contract.group_indices(f"{hand}_arm")
    twin.set_targets(targets)
    twin.step(100)
    before = in_hand(twin, hand)
    for k in range(200):
        now = targets.copy()
        now[arm] += swing_rad * np.sin(2 * np.pi * 0.01 * k)
        twin.set_targets(now)
        twin.step(5)
    return float(np.linalg.norm(in_hand(twin, hand) - before))


def in_hand(twin, hand: str) -> np.ndarray:
    world = twin.world()
    return world.hands[hand].rotation.T @ (world.objects["can"].position - world.hands[hand].palm)


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("swing_rad", [0.0, 0.08])
def test_closed_hand_holds_the_can(twins, puppeteer, hand, swing_rad):
    twin = twins("lift")
    targets = gripped(twin, puppeteer, hand)
    assert slip_m(twin, hand, targets, swing_rad) < 0.012
    assert twin.world().is_grasped(hand, "can")


def test_can_stays_in_a_hand_that_an_emergency_stop_freezes(twins, puppeteer):
    twin = twins("lift")
    twin.set_targets(gripped(twin, puppeteer, "right"))
    twin.step(250)
    assert slip_m(twin, "right", twin.state().position, 0.0) < 0.002
    assert twin.world().is_grasped("right", "can")


def test_opened_hand_lets_the_can_fall(twins, puppeteer):
    twin = twins("lift")
    targets = gripped(twin, puppeteer, "right")
    twin.set_targets(targets)
    twin.step(250)
    targets[twin.contract.group_indices("right_hand")] = 0.0
    height_m = twin.world().objects["can"].position[2]
    twin.set_targets(targets)
    twin.step(500)
    assert height_m - twin.world().objects["can"].position[2] > 0.03
    assert not twin.world().is_grasped("right", "can")
