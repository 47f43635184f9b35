"""Third stage: the goal lies inside the position limits."""

from __future__ import annotations

import numpy as np

from dexora_core.motion.limits import INNER, MotionLimits
from dexora_core.motion.masks import some
from dexora_core.stages.base import Stage, Step, Verdict


class PositionStage:
    """Moves a goal outside the position limits onto the limit, where the joint shall rest.

    Args:
        inner: The stage wrapped by this one.
        limits: Limits of the robot.
    """

    name = "position"

    def __init__(self, inner: Stage, limits: MotionLimits) -> None:
        self._inner = inner
        self._lower = limits.middle - limits.half_range * INNER
        self._upper = limits.middle + limits.half_range * INNER

    def __call__(self, step: Step) -> Verdict:
        """Clip the positions; clipped joints shall have no velocity and no acceleration."""
        wanted = step.goal[0]
        inside = np.minimum(np.maximum(wanted, self._lower), self._upper)
        clipped = inside != wanted
        if some(clipped):
            step.goal = np.where(clipped, 0.0, step.goal)
            step.goal[0] = inside
            step.mark(self.name, clipped)
        return self._inner(step)
