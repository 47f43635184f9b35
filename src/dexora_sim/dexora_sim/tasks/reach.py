"""Reach: touch the named one of three coloured objects with the named hand."""

from __future__ import annotations

from typing import ClassVar

import mujoco

from dexora_sim.contacts import HANDS
from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.tasks import workspace
from dexora_sim.tasks.base import COLOURS, Episode, Goal, Task
from dexora_sim.tasks.furniture import add_object
from dexora_sim.tasks.placing import Placement
from dexora_sim.tasks.predicate import Stage, StagedPredicate
from dexora_sim.tasks.rules import has_fallen, is_near
from dexora_sim.world import WorldState

TOUCH_S = 0.1
"""Shorter contacts are brushes."""
SHAPES = ("cube", "ball", "cylinder")
_MASS_KG = 0.15


class Reach(Task):
    """Three objects of different shape and colour in a row; the robot touches the one that is named.

    Touching another object first, or the right one with the wrong hand, is a failure.

    Args:
        names_hand: Whether the instruction names the hand. Without, either hand may touch, and a policy
            faces a choice between left and right that nothing decides.
    """

    name: ClassVar[str] = "reach"
    time_limit_s: ClassVar[float] = 8.0
    object_names = SHAPES

    def __init__(self, *, names_hand: bool = True) -> None:
        self._names_hand = names_hand

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add cube, ball and cylinder."""
        geom = mujoco.mjtGeom
        add_object(spec, "cube", geom.mjGEOM_BOX, (0.03, 0.03, 0.03), _MASS_KG)
        add_object(spec, "ball", geom.mjGEOM_SPHERE, (0.034, 0.0, 0.0), _MASS_KG)
        add_object(spec, "cylinder", geom.mjGEOM_CYLINDER, (0.028, 0.04, 0.0), _MASS_KG)

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose order, colours, target and hand; either hand reaches every place."""
        rng = stream(seed, "goal")
        order = [str(shape) for shape in rng.permutation(SHAPES)]
        words = [str(word) for word in rng.permutation(list(COLOURS))]
        colours = dict(zip(SHAPES, words, strict=False))
        target = str(rng.choice(SHAPES))
        hand = str(rng.choice(HANDS)) if self._names_hand else "either"
        places = stream(seed, "pose")
        placements = {
            shape: region.sample(places, levels.pose)
            for shape, region in zip(order, workspace.ROW, strict=True)
        }
        return Goal(target, hand, colours[target], target), placements, colours

    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return ways to ask for a touch."""
        thing = f"the {goal.colour} {goal.shape}"
        if goal.hand == "either":
            return (
                f"touch {thing}",
                f"reach for {thing}",
                f"put a hand on {thing}",
                f"tap {thing}",
                f"move to {thing} and touch it",
            )
        hand = f"{goal.hand} hand"
        return (
            f"touch {thing} with the {hand}",
            f"reach for {thing} with your {hand}",
            f"put your {hand} on {thing}",
            f"use the {hand} to touch {thing}",
            f"with the {hand}, tap {thing}",
            f"move your {hand} to {thing} and touch it",
        )

    def predicate(self, episode: Episode) -> StagedPredicate:
        """Judge: approached, then touched, with nothing else touched before."""
        goal = episode.goal
        hands = HANDS if goal.hand == "either" else (goal.hand,)

        def is_touched(world: WorldState) -> bool:
            return any(world.digits(hand, goal.target) for hand in hands)

        def failure(world: WorldState) -> str:
            for hand, name in sorted(world.contacts):
                if name != goal.target:
                    return f"the {hand} hand touched the {name}, not the {goal.target}"
                if hand not in hands:
                    return f"the {hand} hand touched the {name}, the {goal.hand} hand was asked for"
            return has_fallen(world, goal.target)

        return StagedPredicate(
            (
                Stage("approached", lambda world: any(is_near(world, hand, goal.target) for hand in hands)),
                Stage("touched", is_touched, TOUCH_S),
            ),
            failure,
        )


class ReachEither(Reach):
    """Reach without a named hand: a task with a true ambiguity between left and right."""

    name: ClassVar[str] = "reach_either"

    def __init__(self) -> None:
        super().__init__(names_hand=False)
