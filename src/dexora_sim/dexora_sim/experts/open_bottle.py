"""Expert of `open_bottle`: one hand wraps the bottle, the other turns the cap from above, in strokes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from dexora_sim.experts.arms import FloatArray, Pose, facing
from dexora_sim.experts.base import Expert, Move, Path
from dexora_sim.experts.grasps import INWARD, JAW_CLOSED, JAW_OPEN, OPEN, WRAP, around, side_grasp
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.bottle import BOTTLE_RADIUS_M, THREAD_END_RAD

_CAP_IN_PALM_M = np.array([0.062, 0.0115, 0.003])
"""Middle of the cap between thumb and fingers, in the right palm's frame [m]; mirrored in y for the left."""
_STROKE_RAD = {
    "right": (math.radians(42.0), math.radians(130.0)),
    "left": (math.radians(-130.0), math.radians(-42.0)),
}
"""Where the turning fingers point at the start and the end of a stroke, about the vertical."""
_TILT = 0.25
"""The palm leans towards the fingers: straight down, the wrist would pass its singularity within a stroke."""
_TURN_S = 2.3
_HOLD_M = -0.006
"""Height of the holding hand on the bottle, from its middle: the fingers that turn pass 10 mm above it. With
3 mm between them the command path stops the robot (DX-GAT-009)."""
_ENOUGH_RAD = THREAD_END_RAD + math.radians(4.0)
"""The cap has left its thread when it has been turned this far."""


class OpenBottleExpert(Expert):
    """Holds with the hand that is not named, unscrews with the named one, and takes the cap away."""

    task: ClassVar[str] = "open_bottle"

    def plan(self, goal: Goal) -> Iterator[Move]:
        """Yield: hold the bottle; strokes of close, turn, open, back; take off, hold."""
        turner, holder = goal.hand, goal.other_hand
        start_rad, end_rad = _STROKE_RAD[turner]
        bottle = self.view.objects["bottle"].position
        hold = around(bottle + np.array([0.0, 0.0, _HOLD_M]), BOTTLE_RADIUS_M, side_grasp(holder))
        beside = hold.backed_off(0.09, z=0.02)
        above = self._over_cap(turner, start_rad).moved(self.sway(0.005, up_m=0.10))
        aside = above.shifted(x=-0.04, y=-INWARD[turner] * 0.18)
        yield Move(1.8, {holder: beside, turner: aside}, {holder: OPEN, turner: JAW_OPEN})
        yield Move(0.9, {holder: hold})
        yield Move(0.8, fingers={holder: WRAP})
        yield Move(1.2, {turner: self._over_cap(turner, start_rad).shifted(z=0.10)})
        yield Move(0.9, {turner: self._over_cap(turner, start_rad)})
        turned_rad, last_rad = 0.0, self._cap_angle()
        while True:
            yield Move(0.5, fingers={turner: JAW_CLOSED})
            yield Move(_TURN_S, {turner: self._turn(turner, start_rad, end_rad)})
            yield Move(0.4, fingers={turner: JAW_OPEN})
            # Measured with the hand off the cap, which springs back a little.
            now_rad = self._cap_angle()
            turned_rad += (now_rad - last_rad + math.pi / 2) % (2 * math.pi) - math.pi / 2
            last_rad = now_rad
            if turned_rad > _ENOUGH_RAD:
                break
            yield Move(_TURN_S, {turner: self._turn(turner, end_rad, start_rad)})
        yield Move(0.5, fingers={turner: JAW_CLOSED})
        yield Move(1.0, {turner: self.palm(turner).shifted(z=0.08)})
        yield Move(1.5)

    def _turn(self, hand: str, start_rad: float, end_rad: float) -> Path:
        """Return the path of the palm around the cap, from one direction of the fingers to another."""
        cap = self.view.objects["cap"].position
        return lambda share: _over(cap, hand, start_rad + share * (end_rad - start_rad))

    def _over_cap(self, hand: str, yaw_rad: float) -> Pose:
        return _over(self.view.objects["cap"].position, hand, yaw_rad)

    def _cap_angle(self) -> float:
        """Return the angle of the cap against the bottle about their common axis [rad]."""
        relative = self.view.objects["bottle"].rotation.T @ self.view.objects["cap"].rotation
        return math.atan2(relative[1, 0], relative[0, 0])


def _over(cap: FloatArray, hand: str, yaw_rad: float) -> Pose:
    """Return the palm pose, facing down, that has the cap between thumb and fingers, the fingers at a yaw."""
    rotation = facing(
        (_TILT * math.cos(yaw_rad), _TILT * math.sin(yaw_rad), -1.0),
        (math.cos(yaw_rad), math.sin(yaw_rad), 0.0),
    )
    return Pose(cap - rotation @ (_CAP_IN_PALM_M * np.array([1.0, INWARD[hand], 1.0])), rotation)
