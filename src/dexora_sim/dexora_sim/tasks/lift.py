"""Lift: pick up a can with the named hand and hold it in the air."""

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
from dexora_sim.tasks.rules import HOLD_S, LIFT_M, Rise, has_fallen, is_gripped, is_near
from dexora_sim.world import WorldState

CAN_RADIUS_M = 0.033
CAN_HEIGHT_M = 0.110
CAN_MASS_KG = 0.25


class Lift(Task):
    """A can on the side of the named hand; it must rise by 10 cm and stay up for 1 s in that hand alone."""

    name: ClassVar[str] = "lift"
    time_limit_s: ClassVar[float] = 12.0
    object_names = ("can",)

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the can."""
        size = (CAN_RADIUS_M, CAN_HEIGHT_M / 2, 0.0)
        add_object(spec, "can", mujoco.mjtGeom.mjGEOM_CYLINDER, size, CAN_MASS_KG)

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose hand and colour; the can stands on that hand's side."""
        rng = stream(seed, "goal")
        hand, colour = str(rng.choice(HANDS)), str(rng.choice(list(COLOURS)))
        placement = workspace.OF_HAND[hand].sample(stream(seed, "pose"), levels.pose)
        return Goal("can", hand, colour, "can"), {"can": placement}, {"can": colour}

    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return ways to ask for a lift."""
        thing, hand = f"the {goal.colour} can", f"{goal.hand} hand"
        return (
            f"pick up {thing} with the {hand}",
            f"lift {thing} with your {hand}",
            f"use the {hand} to pick up {thing}",
            f"grab {thing} with the {hand} and lift it",
            f"with the {hand}, raise {thing}",
        )

    def predicate(self, episode: Episode) -> StagedPredicate:
        """Judge: approached, grasped, lifted, held."""
        goal = episode.goal
        rise = Rise("can")

        def is_lifted(world: WorldState) -> bool:
            own = bool(world.digits(goal.hand, "can"))
            other = bool(world.digits(goal.other_hand, "can"))
            return rise(world) >= LIFT_M and own and not other and "can" not in world.on_table

        def failure(world: WorldState) -> str:
            rise(world)
            return has_fallen(world, "can")

        return StagedPredicate(
            (
                Stage("approached", lambda world: is_near(world, goal.hand, "can")),
                Stage("grasped", lambda world: is_gripped(world, goal.hand, "can")),
                Stage("lifted", is_lifted),
                Stage("held", is_lifted, HOLD_S),
            ),
            failure,
        )
