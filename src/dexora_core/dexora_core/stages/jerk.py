"""Sixth stage: what the direct way to the goal would demand of every limit, jerk above all."""

from __future__ import annotations

from dexora_core.motion.masks import some
from dexora_core.motion.segment import Segment
from dexora_core.stages.base import Stage, Step, Verdict


class JerkStage:
    """Measures the direct way to the goal; joints that exceed a limit on it will be steered instead.

    Args:
        inner: The stage wrapped by this one.
        segment: The polynomial that leads to the goal.
    """

    name = "jerk"

    def __init__(self, inner: Stage, segment: Segment) -> None:
        self._inner = inner
        self._segment = segment

    def __call__(self, step: Step) -> Verdict:
        """Set `step.bounds` and record who exceeds velocity, acceleration and jerk."""
        segment = self._segment
        step.bounds = segment.bounds(step.state, step.goal)
        over = step.bounds > 1.0
        if some(over):
            moving = ~step.stop
            step.mark("velocity", over[segment.velocity_rows].any(axis=0) & moving)
            step.mark("acceleration", over[segment.acceleration_rows].any(axis=0) & moving)
            step.mark(self.name, over[segment.jerk_rows].any(axis=0) & moving)
        return self._inner(step)
