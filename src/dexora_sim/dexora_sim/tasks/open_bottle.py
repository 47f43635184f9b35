"""Open bottle: one hand holds the bottle, the other unscrews the cap and takes it off."""

from __future__ import annotations

import math
from typing import ClassVar

import mujoco

from dexora_sim.contacts import HANDS
from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.scene import ResetContext
from dexora_sim.tasks import workspace
from dexora_sim.tasks.base import COLOURS, Episode, Goal, Task
from dexora_sim.tasks.bottle import (
    TURN_JOINT,
    add_bottle,
    cap_height_over_seat,
    let_go_at_end,
    place_bottle,
)
from dexora_sim.tasks.placing import Placement
from dexora_sim.tasks.predicate import Stage, StagedPredicate
from dexora_sim.tasks.rules import has_fallen, is_gripped, is_near
from dexora_sim.world import WorldState

TURN_RAD = math.pi
OFF_M = 0.03
"""A cap this far from its seat is off."""
OFF_HOLD_S = 0.5


class OpenBottle(Task):
    """A bottle in the middle; its cap must turn by half a turn against the bottle and come off in the hand.

    The goal's `hand` is the one that turns the cap; the other one holds the bottle.
    """

    name: ClassVar[str] = "open_bottle"
    time_limit_s: ClassVar[float] = 60.0
    object_names = ("bottle", "cap")

    @property
    def named_objects(self) -> tuple[str, ...]:
        """The bottle; nothing asks for the colour of a cap."""
        return ("bottle",)

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the bottle with its cap."""
        add_bottle(spec)

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose the turning hand, the place and two colours."""
        rng = stream(seed, "goal")
        hand = str(rng.choice(HANDS))
        bottle, cap = (str(word) for word in rng.permutation(list(COLOURS))[:2])
        placement = workspace.BOTTLE.sample(stream(seed, "pose"), levels.pose)
        goal = Goal("cap", hand, bottle, "bottle")
        return goal, {"bottle": placement}, {"bottle": bottle, "cap": cap}

    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return ways to ask for an open bottle."""
        thing, hand, other = f"the {goal.colour} bottle", f"{goal.hand} hand", f"{goal.other_hand} hand"
        return (
            f"open {thing} with the {hand}",
            f"hold {thing} with the {other} and unscrew the cap with the {hand}",
            f"unscrew the cap of {thing} with your {hand}",
            f"use the {hand} to twist the cap off {thing}",
            f"with the {other} holding it, open {thing} with the {hand}",
        )

    def predicate(self, episode: Episode) -> StagedPredicate:
        """Judge: approached, held by one hand, capped by the other, turned, taken off."""
        turner, holder = episode.goal.hand, episode.goal.other_hand

        def is_off(world: WorldState) -> bool:
            bottle, cap = world.objects["bottle"], world.objects["cap"]
            away = cap_height_over_seat(bottle.position, bottle.rotation, cap.position) >= OFF_M
            return away and bool(world.digits(turner, "cap"))

        def failure(world: WorldState) -> str:
            return has_fallen(world, "bottle") or has_fallen(world, "cap")

        return StagedPredicate(
            (
                Stage("approached", lambda world: is_near(world, holder, "bottle")),
                Stage("bottle_held", lambda world: is_gripped(world, holder, "bottle")),
                Stage("cap_grasped", lambda world: is_gripped(world, turner, "cap")),
                Stage("quarter_turned", lambda world: world.joints[TURN_JOINT] >= TURN_RAD / 2),
                Stage("half_turned", lambda world: world.joints[TURN_JOINT] >= TURN_RAD),
                Stage("off", is_off, OFF_HOLD_S),
            ),
            failure,
        )

    def reset(self, context: ResetContext) -> Episode:
        """Stand the closed bottle on the table."""
        episode = self.episode(context.seed, context.randomisation)
        place_bottle(context.model, context.data, episode.placements["bottle"])
        return episode

    def after_step(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Let the cap go at the end of its thread."""
        let_go_at_end(model, data)
