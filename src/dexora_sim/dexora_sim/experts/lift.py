"""Expert of `lift`: the hand comes from the side, wraps the can and raises it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from dexora_sim.experts.base import Expert, Move
from dexora_sim.experts.grasps import OPEN, WRAP, around, side_grasp
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.lift import CAN_RADIUS_M

_CLEAR_M = 0.09
_RISE_M = 0.16


class LiftExpert(Expert):
    """Approaches beside the can with the open hand, closes on it, and lifts it by about 16 cm."""

    task: ClassVar[str] = "lift"
    radius_m: ClassVar[float] = CAN_RADIUS_M
    """Of what the hand closes around."""

    def plan(self, goal: Goal) -> Iterator[Move]:
        """Yield: beside, at, close, lift, hold."""
        hand = goal.hand
        rotation = side_grasp(hand)
        can = self.view.objects[goal.target].position + np.array([0.0, 0.0, self.rng.uniform(0.012, 0.022)])
        at = around(can, self.radius_m, rotation)
        beside = at.backed_off(_CLEAR_M, z=0.03)
        yield Move(1.6, {hand: beside}, {hand: OPEN})
        yield Move(0.9, {hand: at})
        yield Move(0.8, fingers={hand: WRAP})
        yield Move(1.4, {hand: at.moved(self.sway(0.01, up_m=_RISE_M))})
        yield Move(1.5)
