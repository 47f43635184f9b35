"""Tasks: scenes with an instruction, a success predicate, a time limit and scored stages."""

from __future__ import annotations

from dexora_sim.errors import SimulationError
from dexora_sim.tasks.base import COLOURS, Episode, Goal, Task
from dexora_sim.tasks.bimanual_lift import BimanualLift
from dexora_sim.tasks.handover import Handover
from dexora_sim.tasks.lift import Lift
from dexora_sim.tasks.lift_variant import LiftVariant
from dexora_sim.tasks.open_bottle import OpenBottle
from dexora_sim.tasks.placing import Placement, Region
from dexora_sim.tasks.predicate import Progress, Stage, StagedPredicate
from dexora_sim.tasks.reach import Reach, ReachEither

TASKS: dict[str, type[Task]] = {
    task.name: task for task in (Reach, ReachEither, Lift, BimanualLift, OpenBottle, Handover, LiftVariant)
}
"""All tasks by name."""

__all__ = [
    "COLOURS",
    "TASKS",
    "Episode",
    "Goal",
    "Placement",
    "Progress",
    "Region",
    "Stage",
    "StagedPredicate",
    "Task",
    "make_task",
]


def make_task(name: str) -> Task:
    """Build a task by its name.

    Raises:
        SimulationError: There is no such task; the message lists them.
    """
    if name not in TASKS:
        raise SimulationError(f"task '{name}' is unknown; there are {', '.join(TASKS)}.")
    return TASKS[name]()
