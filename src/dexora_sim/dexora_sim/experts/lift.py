"""Expert of `lift`: from the side, the hand wraps the can and raises it, and tries again if it missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from dexora_sim.experts.arms import Pose
from dexora_sim.experts.base import Expert, Move
from dexora_sim.experts.grasps import OPEN, WRAP, around, side_grasp
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.lift import CAN_RADIUS_M

_CLEAR_M = 0.09
_RISE_M = 0.16
_STRAY_HEIGHTS_M = (0.12, 0.27)
"""Heights over the can at which a hand that has missed it ends up."""


class LiftExpert(Expert):
    """Approaches beside the can with the open hand, closes on it, and lifts it by about 16 cm."""

    task: ClassVar[str] = "lift"
    radius_m: ClassVar[float] = CAN_RADIUS_M
    """Of what the hand closes around."""

    def plan(self, goal: Goal) -> Iterator[Move]:
        """Yield attempts until the can is up, then hold it."""
        return self.until_raised(goal, self._attempt)

    def stray(self, goal: Goal) -> Iterator[Move]:
        """Yield the closed and empty hand over the can."""
        over = self._at(goal).moved(self.sway(0.05, up_m=self.rng.uniform(*_STRAY_HEIGHTS_M)))
        yield Move(1.8, {goal.hand: over}, {goal.hand: WRAP})

    def _attempt(self, goal: Goal) -> Iterator[Move]:
        """Yield: beside, at, close, lift; a hand over the can goes aside first."""
        hand, at = goal.hand, self._at(goal)
        beside = at.backed_off(_CLEAR_M, z=0.03)
        if np.linalg.norm((self.palm(hand).position - at.position)[:2]) < _CLEAR_M:
            yield Move(0.7, {hand: beside.shifted(z=_RISE_M)}, {hand: OPEN})
            yield Move(0.8, {hand: beside})
        else:
            yield Move(1.6, {hand: beside}, {hand: OPEN})
        yield Move(0.9, {hand: at})
        yield Move(0.8, fingers={hand: WRAP})
        yield Move(1.4, {hand: at.moved(self.sway(0.01, up_m=_RISE_M))})

    def _at(self, goal: Goal) -> Pose:
        """Return the palm pose from which the hand closes, a little above the can's middle."""
        can = self.view.objects[goal.target].position
        up_m = self.rng.uniform(0.012, 0.022)
        return around(can + np.array([0.0, 0.0, up_m]), self.radius_m, side_grasp(goal.hand))
