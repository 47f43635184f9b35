"""Fifth stage: the goal's acceleration lies inside the acceleration limits."""

from __future__ import annotations

import numpy as np

from dexora_core.motion.limits import INNER, MotionLimits
from dexora_core.motion.masks import some
from dexora_core.stages.base import Stage, Step, Verdict


class AccelerationStage:
    """Bounds the acceleration of the goal.

    Args:
        inner: The stage wrapped by this one.
        limits: Limits of the robot.
    """

    name = "acceleration"

    def __init__(self, inner: Stage, limits: MotionLimits) -> None:
        self._inner = inner
        self._bound = limits.acceleration * INNER

    def __call__(self, step: Step) -> Verdict:
        """Bound `goal[2]` by the acceleration limits."""
        wanted = step.goal[2]
        inside = np.minimum(np.maximum(wanted, -self._bound), self._bound)
        clipped = inside != wanted
        if some(clipped):
            step.goal = step.goal.copy()
            step.goal[2] = inside
            step.mark(self.name, clipped)
        return self._inner(step)
