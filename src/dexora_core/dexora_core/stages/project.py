"""Innermost stage: replaces the plan by the best one inside all limits; nothing else moves a joint."""

from __future__ import annotations

from dexora_core.motion import Demand, Plan, Projector
from dexora_core.stages.base import Step, Verdict


class ProjectStage:
    """Hands the step to the projector.

    Args:
        projector: What computes the next plan.
        plan: The plan that it replaces in place.
    """

    def __init__(self, projector: Projector, plan: Plan) -> None:
        self._projector = projector
        self.plan = plan

    def __call__(self, step: Step) -> Verdict:
        """Advance the plan and report what was done."""
        segment, scale = self._projector.segment, step.speed_scale
        bounds = segment.bounds(step.state, step.goal) if step.bounds is None else step.bounds
        if scale < 1.0:
            bounds[segment.velocity_rows] /= scale
        demand = Demand(step.goal, bounds, step.stop, scale)
        done = self._projector.advance(self.plan, step.now_ns, step.state, demand)
        return Verdict(
            step.state, done.passed, done.stopped, done.kept, step.acted, tuple(step.faults), scale
        )
