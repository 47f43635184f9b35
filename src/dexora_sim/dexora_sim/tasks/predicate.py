"""Judges an episode: stages that must be reached in order, each perhaps held for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dexora_sim.world import WorldState


@dataclass(frozen=True)
class Stage:
    """One step of a task.

    Attributes:
        name: What has been achieved, e.g. "lifted".
        holds: Whether it is so in a state of the world.
        hold_s: How long it must be so without a break, in s.
    """

    name: str
    holds: Callable[[WorldState], bool]
    hold_s: float = 0.0


@dataclass(frozen=True)
class Progress:
    """How far an episode has come.

    Attributes:
        stages: Names of the stages reached, in order.
        score: Share of the stages reached, 0 to 1.
        is_success: All stages are reached.
        failure: Why the episode can no longer succeed; empty while it can.
    """

    stages: tuple[str, ...] = ()
    score: float = 0.0
    is_success: bool = False
    failure: str = ""


class StagedPredicate:
    """Follows an episode state by state; it knows nothing but what it is fed.

    A stage counts once the stages before it have counted, and stays. Several may be reached in one state. A
    failure ends the episode: nothing counts afterwards.

    Args:
        stages: The steps in order; the last one is success.
        failure: Returns why a state ends the episode without success, or "".
    """

    def __init__(self, stages: Sequence[Stage], failure: Callable[[WorldState], str] | None = None) -> None:
        self._stages = tuple(stages)
        self._failure = failure
        self._since_s: float | None = None
        self._progress = Progress()

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Names of all stages in order."""
        return tuple(stage.name for stage in self._stages)

    @property
    def progress(self) -> Progress:
        """The judgement after the last state."""
        return self._progress

    def update(self, world: WorldState) -> Progress:
        """Take the next state, in the order of time, and return the judgement."""
        now = self._progress
        if now.is_success or now.failure:
            return now
        failure = self._failure(world) if self._failure else ""
        reached = len(now.stages)
        while not failure and reached < len(self._stages) and self._is_reached(self._stages[reached], world):
            reached += 1
            self._since_s = None
        total = len(self._stages)
        self._progress = Progress(self.stage_names[:reached], reached / total, reached == total, failure)
        return self._progress

    def _is_reached(self, stage: Stage, world: WorldState) -> bool:
        if not stage.holds(world):
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s = world.time_s
        # Half a nanosecond of slack for sums of time steps.
        return world.time_s - self._since_s >= stage.hold_s - 5e-10
