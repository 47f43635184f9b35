"""What a task is: a scene with a goal in words, a judge, and a time limit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import mujoco
import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.scene import ResetContext
from dexora_sim.tasks.furniture import add_distractors, add_table
from dexora_sim.tasks.placing import Placement, place
from dexora_sim.tasks.predicate import StagedPredicate
from dexora_sim.tasks.start_pose import start_rad


@dataclass(frozen=True)
class Goal:
    """What the instruction asks for.

    Attributes:
        target: Body that the task is about.
        hand: "left", "right", "both", or "either" when the instruction leaves it open.
        colour: Colour word of the target, or empty.
        shape: Noun of the target, such as "cube".
    """

    target: str
    hand: str
    colour: str = ""
    shape: str = ""

    @property
    def other_hand(self) -> str:
        """The hand that is not named; only for "left" and "right"."""
        return {"left": "right", "right": "left"}[self.hand]


@dataclass(frozen=True)
class Episode:
    """The layout of one seed; a pure function of task, seed and randomisation.

    Attributes:
        task: Name of the task.
        seed: Seed of the episode.
        goal: What is to be done.
        instruction: The goal in words.
        placements: Where each object stands, by body name.
        colours: Colour word of each object, by body name.
    """

    task: str
    seed: int
    goal: Goal
    instruction: str
    placements: Mapping[str, Placement] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)


class Task(ABC):
    """Base of all tasks; it is the `Scene` of a twin. Tasks hold no state of an episode.

    A subclass adds its objects, chooses goal and layout from a seed, words the goal, and judges it.
    """

    name: ClassVar[str]
    """Short name, as in `make_task(name)`."""
    time_limit_s: ClassVar[float]
    """Simulated time after which an episode has failed."""
    object_names: tuple[str, ...]
    """Root bodies of the scene's objects."""

    @property
    def named_objects(self) -> tuple[str, ...]:
        """Those of the objects that an instruction can be about; its colour is the named one's."""
        return self.object_names

    @abstractmethod
    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the objects to the model; the table is there already."""

    @abstractmethod
    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose goal, placements and colour words (both by body name) of an episode."""

    @abstractmethod
    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return at least four ways to say a goal, without a full stop, in lower case."""

    @abstractmethod
    def predicate(self, episode: Episode) -> StagedPredicate:
        """Return a fresh judge of an episode."""

    def build(self, spec: mujoco.MjSpec) -> None:
        """Add table, distractors and objects."""
        add_table(spec)
        add_distractors(spec)
        self.add_objects(spec)

    def episode(self, seed: int, levels: Randomisation) -> Episode:
        """Return the layout and the wording of a seed."""
        goal, placements, colours = self.choose(seed, levels)
        sentences = self.phrasings(goal)
        words = sentences[stream(seed, "instruction").integers(len(sentences))]
        return Episode(self.name, seed, goal, words, placements, colours)

    def start_rad(self, contract: RobotContract, seed: int, levels: Randomisation) -> NDArray[np.float64]:
        """Return the pose in which tasks start, hands open beside the working area."""
        return start_rad(contract, seed, levels)

    def paint(self, context: ResetContext) -> None:
        """Give the objects the colours of the episode."""
        model = context.model
        for name, colour in self.episode(context.seed, context.randomisation).colours.items():
            body = model.body(name)
            first = int(body.geomadr[0])
            model.geom_rgba[first : first + int(body.geomnum[0])] = COLOURS[colour]

    def reset(self, context: ResetContext) -> Episode:
        """Put the objects where the episode wants them."""
        episode = self.episode(context.seed, context.randomisation)
        for name, placement in episode.placements.items():
            place(context.model, context.data, name, placement)
        return episode

    def after_step(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:  # noqa: B027  (optional)
        """Do nothing; tasks with rules of their own override it."""


COLOURS: dict[str, tuple[float, float, float, float]] = {
    "red": (0.8, 0.1, 0.1, 1.0),
    "green": (0.1, 0.6, 0.15, 1.0),
    "blue": (0.1, 0.25, 0.8, 1.0),
    "yellow": (0.9, 0.8, 0.1, 1.0),
    "purple": (0.5, 0.15, 0.6, 1.0),
    "orange": (0.95, 0.5, 0.05, 1.0),
}
"""Colours that instructions name, RGBA."""
