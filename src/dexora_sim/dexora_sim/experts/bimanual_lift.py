"""Expert of `bimanual_lift`: two flat hands press the box from both sides and raise it, and try again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from dexora_sim.experts.arms import HANDS, Pose, facing
from dexora_sim.experts.base import Expert, Move
from dexora_sim.experts.grasps import FLAT, INWARD
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.bimanual_lift import BOX_SIZE_M

_CLEAR_M = 0.09
_NEAR_M = 0.02
_PRESS_M = 0.0
"""Distance of the palms' middles from the box when they press. The motors are stiff: further in,
their force saturates within millimetres, and the arms are pushed so far off their commands that the command
path takes it for a blocked joint (DX-GAT-007)."""
_RISE_M = 0.16
_STRAY_GAPS_M, _STRAY_HEIGHTS_M = (0.0, 0.03), (0.08, 0.22)
"""Where hands end up that have not taken the box with them: beside its sides, above its middle."""
_ABOVE_SIDES_M = 0.11
"""Hands that are no further than this from beside the box, seen from above, have been there before."""
_PITCH = 0.2


class BimanualLiftExpert(Expert):
    """Brings a flat hand to each side of the box, presses, and lifts both hands together by about 16 cm."""

    task: ClassVar[str] = "bimanual_lift"

    def plan(self, goal: Goal) -> Iterator[Move]:
        """Yield attempts until the box is up, then hold it."""
        return self.until_raised(goal, self._attempt)

    def stray(self, goal: Goal) -> Iterator[Move]:
        """Yield both hands above the sides of a box that they have not taken with them."""
        over = self._palms_at(goal, self.rng.uniform(*_STRAY_GAPS_M), self.rng.uniform(*_STRAY_HEIGHTS_M))
        palms = {hand: palm.moved(self.sway(0.015)) for hand, palm in over.items()}
        yield Move(1.8, palms, dict.fromkeys(HANDS, FLAT))

    def _attempt(self, goal: Goal) -> Iterator[Move]:
        """Yield: beside, near, press, lift; hands above the sides go outwards first."""
        height_m = self.rng.uniform(0.005, 0.02)
        fingers, beside = dict.fromkeys(HANDS, FLAT), self._palms_at(goal, _CLEAR_M, height_m + 0.02)
        distances = [np.linalg.norm((self.palm(hand).position - beside[hand].position)[:2]) for hand in HANDS]
        if max(distances) < _ABOVE_SIDES_M:
            yield Move(0.7, self._palms_at(goal, _CLEAR_M, height_m + _RISE_M), fingers)
            yield Move(0.8, beside)
        else:
            yield Move(1.6, beside, fingers)
        yield Move(1.0, self._palms_at(goal, _NEAR_M, height_m))
        yield Move(0.6, self._palms_at(goal, _PRESS_M, height_m))
        rise = self.sway(0.01, up_m=_RISE_M)
        yield Move(1.6, {hand: self.palm(hand).moved(rise) for hand in HANDS})

    def _palms_at(self, goal: Goal, gap_m: float, height_m: float) -> dict[str, Pose]:
        """Return both palms at a distance from the box's sides, `height_m` above its middle."""
        box = self.view.objects[goal.target]
        ahead, side = box.rotation[:, 0], box.rotation[:, 1]
        palms = {}
        for hand in HANDS:
            out = side * INWARD[hand]
            rotation = facing(tuple(out), tuple(ahead - np.array([0.0, 0.0, _PITCH])))
            offset = -out * (BOX_SIZE_M[1] / 2 + gap_m) - 0.03 * ahead
            palms[hand] = Pose(box.position + offset + np.array([0.0, 0.0, height_m]), rotation)
        return palms
