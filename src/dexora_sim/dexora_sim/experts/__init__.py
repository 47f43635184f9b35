"""Scripted experts: they do the tasks from ground truth, acting only through joint targets at 20 Hz."""

from __future__ import annotations

from dexora_core.contract import RobotContract

from dexora_sim.errors import SimulationError
from dexora_sim.experts.base import ACTION_RATE_HZ, Expert, View
from dexora_sim.experts.bimanual_lift import BimanualLiftExpert
from dexora_sim.experts.handover import HandoverExpert
from dexora_sim.experts.lift import LiftExpert
from dexora_sim.experts.lift_variant import LiftVariantExpert
from dexora_sim.experts.open_bottle import OpenBottleExpert
from dexora_sim.experts.reach import ReachEitherExpert, ReachExpert

EXPERTS: dict[str, type[Expert]] = {
    expert.task: expert
    for expert in (
        ReachExpert,
        ReachEitherExpert,
        LiftExpert,
        BimanualLiftExpert,
        HandoverExpert,
        OpenBottleExpert,
        LiftVariantExpert,
    )
}
"""The expert of each task, by the task's name."""

__all__ = ["ACTION_RATE_HZ", "EXPERTS", "Expert", "View", "make_expert"]


def make_expert(task: str, contract: RobotContract) -> Expert:
    """Return the expert of a task.

    Raises:
        SimulationError: No expert knows the task.
    """
    if task not in EXPERTS:
        raise SimulationError(f"no expert for task {task!r}; there is one for {', '.join(sorted(EXPERTS))}.")
    return EXPERTS[task](contract)
