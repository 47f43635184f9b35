"""Fourth stage: the goal's velocity lies inside the velocity limits."""

from __future__ import annotations

import numpy as np

from dexora_core.motion.limits import INNER, MotionLimits
from dexora_core.motion.masks import some
from dexora_core.stages.base import Stage, Step, Verdict

SLOWEST = 0.01
"""A speed scale below this stops the robot; so does one that is not a number."""


class VelocityStage:
    """Bounds the velocity of the goal; a speed scale near zero stops all joints.

    Args:
        inner: The stage wrapped by this one.
        limits: Limits of the robot.
    """

    name = "velocity"

    def __init__(self, inner: Stage, limits: MotionLimits) -> None:
        self._inner = inner
        self._bound = limits.velocity * INNER

    def __call__(self, step: Step) -> Verdict:
        """Bound `goal[1]` by the scaled velocity limits."""
        if not step.speed_scale >= SLOWEST:
            step.halt()
            step.speed_scale = 1.0
        bound = self._bound * step.speed_scale
        wanted = step.goal[1]
        inside = np.minimum(np.maximum(wanted, -bound), bound)
        clipped = inside != wanted
        if some(clipped):
            step.goal = step.goal.copy()
            step.goal[1] = inside
            step.mark(self.name, clipped)
        return self._inner(step)
