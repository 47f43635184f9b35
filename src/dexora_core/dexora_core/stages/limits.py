"""Third to fifth stage: position, velocity and acceleration of the goal lie inside their limits."""

from __future__ import annotations

import numpy as np

from dexora_core.motion.limits import INNER, BoolArray, FloatArray, MotionLimits
from dexora_core.motion.masks import some
from dexora_core.stages.base import Stage, Step, Verdict

SLOWEST = 0.01
"""A speed scale below this stops the robot; so does one that is not a number."""


class LimitsStage:
    """Bounds the goal; a joint beyond its position limits shall rest at the limit.

    Args:
        inner: The stage wrapped by this one.
        limits: Limits of the robot.
    """

    names = ("position", "velocity", "acceleration")

    def __init__(self, inner: Stage, limits: MotionLimits) -> None:
        self._inner = inner
        half = np.stack([limits.half_range, limits.velocity, limits.acceleration]) * INNER
        middle = np.zeros(half.shape)
        middle[0] = limits.middle
        self._lower, self._upper = middle - half, middle + half

    def __call__(self, step: Step) -> Verdict:
        """Bound `goal`, its velocity by the scaled limits; a speed scale near zero stops all joints."""
        if not step.speed_scale >= SLOWEST:
            step.halt()
            step.speed_scale = 1.0
        inside = np.minimum(np.maximum(step.goal, self._lower), self._upper)
        if step.speed_scale < 1.0:
            bound = step.speed_scale * self._upper[1]
            inside[1] = np.minimum(np.maximum(inside[1], -bound), bound)
        beyond = inside != step.goal
        if some(beyond):
            self._bound(step, inside, beyond)
        return self._inner(step)

    def _bound(self, step: Step, inside: FloatArray, beyond: BoolArray) -> None:
        at_end = beyond[0]
        step.goal = np.where(at_end, 0.0, inside)
        step.goal[0] = inside[0]
        step.mark(self.names[0], at_end)
        for name, joints in zip(self.names[1:], beyond[1:], strict=True):
            step.mark(name, joints & ~at_end)
