"""Follows the task of an episode: stages, success, failure, time limit, and where the objects are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import mujoco

from dexora_sim.scene import EmptyScene, Scene
from dexora_sim.tasks import Episode, Progress, StagedPredicate, Task, make_task
from dexora_sim.tasks.furniture import add_table
from dexora_sim.twin import Twin
from dexora_sim.world import WorldState

NO_TASK = "none"
RUNNING, SUCCESS, FAILED = "running", "success", "failed"


class TableScene(EmptyScene):
    """The robot at its table, and nothing to do."""

    def build(self, spec: mujoco.MjSpec) -> None:
        """Add the table."""
        add_table(spec)


def make_scene(task: str) -> Scene:
    """Return the scene of a task, or the table alone for "none".

    Args:
        task: Name of the task.

    Raises:
        SimulationError: There is no such task.
    """
    return TableScene() if task == NO_TASK else make_task(task)


@dataclass(frozen=True)
class TaskStatus:
    """How an episode stands.

    Attributes:
        task: Name of the task, or "none".
        seed: Seed of the episode.
        instruction: What is to be done, in words.
        state: "running", "success" or "failed".
        reason: Why it failed, or "".
        progress: Stages reached.
        stage_names: All stages in order.
        time_s: Simulated time since the reset [s].
        number: Counts the episodes of this twin from 1.
    """

    task: str
    seed: int
    instruction: str = ""
    state: str = RUNNING
    reason: str = ""
    progress: Progress = field(default_factory=Progress)
    stage_names: tuple[str, ...] = ()
    time_s: float = 0.0
    number: int = 1


class TaskWatch:
    """Judges the present episode of a twin.

    Args:
        twin: The simulated robot and its scene.
        seed: Seed of the present episode.
    """

    def __init__(self, twin: Twin, seed: int) -> None:
        self._twin = twin
        self._number = 0
        self.begin(seed)

    def begin(self, seed: int) -> None:
        """Start over for a new episode; call it after a reset of the twin.

        Args:
            seed: Seed of the episode.
        """
        scene, episode = self._twin.scene, self._twin.episode
        self._predicate: StagedPredicate | None = None
        self._limit_s = float("inf")
        self.world: WorldState = self._twin.world()
        self._number += 1
        self.status = TaskStatus(NO_TASK, seed, number=self._number)
        if isinstance(scene, Task) and isinstance(episode, Episode):
            self._predicate = scene.predicate(episode)
            self._limit_s = scene.time_limit_s
            names = self._predicate.stage_names
            self.status = replace(
                self.status, task=scene.name, instruction=episode.instruction, stage_names=names
            )

    def update(self) -> TaskStatus:
        """Look at the world now; an episode that has ended stays as it ended."""
        self.world = self._twin.world()
        before = self.status
        if self._predicate is None or before.state != RUNNING:
            return before
        progress = self._predicate.update(self.world)
        time_s = self.world.time_s
        state, reason = RUNNING, progress.failure
        if progress.is_success:
            state = SUCCESS
        elif reason or time_s > self._limit_s:
            state, reason = FAILED, reason or f"not done within {self._limit_s:g} s"
        self.status = replace(before, state=state, reason=reason, progress=progress, time_s=time_s)
        return self.status
