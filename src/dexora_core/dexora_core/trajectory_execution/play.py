"""What an executor runs now, and what its next tick will start."""

from __future__ import annotations

from dataclasses import dataclass

from dexora_core.trajectory_execution.motion import Motion
from dexora_core.trajectory_execution.tolerances import SegmentTolerances
from dexora_core.trajectory_execution.validation import ValidTrajectory


@dataclass(frozen=True)
class Play:
    """What is being executed: a motion and, if an action asked for it, its goal.

    Attributes:
        motion: The path in time.
        tolerances: Bounds in force.
        goal: Handle of the action goal, or None.
    """

    motion: Motion
    tolerances: SegmentTolerances
    goal: object | None = None


@dataclass(frozen=True)
class Pending:
    """A checked trajectory that the next tick will start.

    Attributes:
        trajectory: What to execute.
        tolerances: Bounds that come with it.
        goal: Handle of the action goal, or None.
    """

    trajectory: ValidTrajectory
    tolerances: SegmentTolerances
    goal: object | None
