"""Experts of `reach` and `reach_either`: a fingertip touches the named object from its own side and above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from dexora_sim.experts.arms import HANDS, Pose, facing
from dexora_sim.experts.base import Expert, Move, View
from dexora_sim.experts.grasps import INWARD, POINT
from dexora_sim.randomisation import stream
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.furniture import TABLE_TOP_M

_ABOVE_M = 0.12
_STRAY_M, _STRAY_HEIGHTS_M = (0.05, 0.075), (-0.01, 0.03)
"""How far from the target's middle, and how far above the table, a finger is that has missed."""


class ReachExpert(Expert):
    """Points with the index finger, goes above the object and comes down on it."""

    task: ClassVar[str] = "reach"
    frame: ClassVar[str] = "index_tip"
    orientation_cost: ClassVar[float] = 0.1

    def plan(self, goal: Goal) -> Iterator[Move]:
        """Yield: up, above, touch, stay."""
        hand, above = self._above(goal)
        rotation = above.rotation
        start = self.palm(hand)
        raised = Pose(np.array([*start.position[:2], above.position[2]]), rotation)
        yield Move(1.0, {hand: raised.moved(self.vary(0.01))}, {hand: POINT})
        yield Move(1.8, {hand: above.moved(self.sway(0.01))})
        yield Move(1.0, {hand: above.moved(self.sway(0.004, up_m=0.01 - _ABOVE_M))})
        yield Move(0.6)

    def stray(self, goal: Goal) -> Iterator[Move]:
        """Yield the fingertip on the table or just above it, short of what it should have touched."""
        hand, above = self._above(goal)
        angle_rad = self.rng.uniform(-np.pi / 2, np.pi / 2)
        short = np.array([-np.cos(angle_rad), np.sin(angle_rad), 0.0])
        over = above.moved(self.rng.uniform(*_STRAY_M) * short)
        down_m = over.position[2] - TABLE_TOP_M - self.rng.uniform(*_STRAY_HEIGHTS_M)
        yield Move(1.5, {hand: over}, {hand: POINT})
        yield Move(0.7, {hand: over.shifted(z=-down_m)})

    def _above(self, goal: Goal) -> tuple[str, Pose]:
        """Return the hand that touches, and its fingertip's pose above the target."""
        target = self.view.objects[goal.target].position
        inward = INWARD[goal.hand]
        rotation = facing((-0.2, 0.9 * inward, -0.5), (0.55, 0.45 * inward, -1.0))
        return goal.hand, Pose(target + np.array([0.0, 0.0, _ABOVE_M]), rotation)


class ReachEitherExpert(ReachExpert):
    """Reaches with a hand drawn by chance: nothing that a policy sees says which."""

    task: ClassVar[str] = "reach_either"

    def reset(self, goal: Goal, view: View, seed: int, *, begins_astray: bool = False) -> None:
        """Draw the hand, then start an episode as any expert does."""
        hand = str(stream(seed, "hand").choice(HANDS))
        super().reset(replace(goal, hand=hand), view, seed, begins_astray=begins_astray)
