"""Handover: pick a tube up with one hand and pass it to the other."""

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
from dexora_sim.tasks.rules import HOLD_S, Rise, has_fallen, is_gripped, is_near
from dexora_sim.world import WorldState

TUBE_RADIUS_M = 0.028
TUBE_HEIGHT_M = 0.24
TUBE_MASS_KG = 0.22
RAISED_M = 0.05
"""The exchange happens in the air: at least this far above where the tube stood."""


class Handover(Task):
    """A tall tube stands on the side of the giving hand; the other hand must end up holding it alone for 1 s.

    The goal's `hand` is the giving one. The tube is tall enough for two hands, one above the other.
    """

    name: ClassVar[str] = "handover"
    time_limit_s: ClassVar[float] = 20.0
    object_names = ("tube",)

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the tube."""
        size = (TUBE_RADIUS_M, TUBE_HEIGHT_M / 2, 0.0)
        add_object(spec, "tube", mujoco.mjtGeom.mjGEOM_CYLINDER, size, TUBE_MASS_KG)

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose the giving hand and the colour; the tube stands on that hand's side."""
        rng = stream(seed, "goal")
        hand, colour = str(rng.choice(HANDS)), str(rng.choice(list(COLOURS)))
        placement = workspace.HANDOVER[hand].sample(stream(seed, "pose"), levels.pose)
        return Goal("tube", hand, colour, "tube"), {"tube": placement}, {"tube": colour}

    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return ways to ask for a handover."""
        thing, giver, taker = f"the {goal.colour} tube", f"{goal.hand} hand", f"{goal.other_hand} hand"
        return (
            f"pass {thing} from the {giver} to the {taker}",
            f"take {thing} with the {giver} and hand it to the {taker}",
            f"pick up {thing} with your {giver}, then give it to your {taker}",
            f"hand {thing} over from your {giver} to your {taker}",
            f"move {thing} from the {giver} into the {taker}",
        )

    def predicate(self, episode: Episode) -> StagedPredicate:
        """Judge: approached, grasped, lifted by the giver alone, shared in the air, passed, held."""
        giver, taker = episode.goal.hand, episode.goal.other_hand
        rise = Rise("tube")

        def is_up(world: WorldState) -> bool:
            return rise(world) >= RAISED_M and "tube" not in world.on_table

        def only(world: WorldState, hand: str, other: str) -> bool:
            return bool(world.digits(hand, "tube")) and not world.digits(other, "tube")

        def failure(world: WorldState) -> str:
            rise(world)
            return has_fallen(world, "tube")

        def is_shared(world: WorldState) -> bool:
            return is_up(world) and all(world.digits(hand, "tube") for hand in HANDS)

        def is_passed(world: WorldState) -> bool:
            return is_up(world) and only(world, taker, giver)

        return StagedPredicate(
            (
                Stage("approached", lambda world: is_near(world, giver, "tube")),
                Stage("grasped", lambda world: is_gripped(world, giver, "tube")),
                Stage("lifted", lambda world: is_up(world) and only(world, giver, taker)),
                Stage("shared", is_shared),
                Stage("passed", is_passed),
                Stage("held", is_passed, HOLD_S),
            ),
            failure,
        )
