"""Expert of `handover`: one hand takes the tube low, brings it to the middle, and the other takes it high."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from dexora_sim.experts.arms import FloatArray, Pose
from dexora_sim.experts.base import Expert, Move
from dexora_sim.experts.grasps import OPEN, WRAP, around, side_grasp
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.handover import TUBE_RADIUS_M

_LOW_M, _HIGH_M = -0.055, 0.065
"""Where the hands hold the tube, along its axis from its middle."""
_CLEAR_M = 0.10
_RISE_M = 0.13
_MEET_X_M = 0.43


class HandoverExpert(Expert):
    """Gives with the goal's hand, takes with the other one."""

    task: ClassVar[str] = "handover"

    def plan(self, goal: Goal) -> Iterator[Move]:
        """Yield: beside, at, close, carry; the other hand beside, at, close; open, away, hold."""
        giver, taker = goal.hand, goal.other_hand
        at = self._grip(giver, _LOW_M + self.rng.uniform(-0.005, 0.005))
        yield Move(1.6, {giver: at.backed_off(_CLEAR_M, z=0.01)}, {giver: OPEN})
        yield Move(0.9, {giver: at})
        yield Move(0.8, fingers={giver: WRAP})
        yield Move(0.8, {giver: at.shifted(z=_RISE_M)})
        meet = np.array([_MEET_X_M, 0.0]) + self.sway(0.01)[:2]
        to_middle = meet - self._tube()[:2]
        carried = self.palm(giver).shifted(to_middle[0], to_middle[1])
        clear = self._grip(taker, _HIGH_M).backed_off(_CLEAR_M)
        waiting = Pose(clear.position + np.array([*to_middle, 0.02]), clear.rotation)
        yield Move(1.6, {giver: carried, taker: waiting}, {taker: OPEN})
        at = self._grip(taker, _HIGH_M)
        yield Move(0.5, {taker: at.backed_off(_CLEAR_M)})
        yield Move(1.0, {taker: at})
        yield Move(0.9, fingers={taker: WRAP})
        yield Move(0.7, fingers={giver: OPEN})
        away = self.palm(giver).backed_off(_CLEAR_M)
        yield Move(1.0, {giver: away})
        yield Move(1.5)

    def _tube(self) -> FloatArray:
        return self.view.objects["tube"].position

    def _grip(self, hand: str, along_m: float) -> Pose:
        """Return the palm pose that holds the tube at a height along its axis."""
        tube = self.view.objects["tube"]
        return around(tube.position + along_m * tube.rotation[:, 2], TUBE_RADIUS_M, side_grasp(hand))
