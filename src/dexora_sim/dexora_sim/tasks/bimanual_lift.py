"""Bimanual lift: raise a box that is too wide for one hand."""

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
from dexora_sim.tasks.rules import HOLD_S, LIFT_M, Rise, has_fallen, is_near
from dexora_sim.world import WorldState

BOX_SIZE_M = (0.16, 0.24, 0.12)
"""Depth (x), width (y, between the hands) and height; a hand spans less than 0.16 m."""
BOX_MASS_KG = 0.5
_NEAR_SIDE_M = 0.10


class BimanualLift(Task):
    """A wide box in the middle; it must rise by 10 cm and stay up for 1 s, touched by both hands."""

    name: ClassVar[str] = "bimanual_lift"
    time_limit_s: ClassVar[float] = 12.0
    object_names = ("box",)

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the box."""
        depth, width, height = (size / 2 for size in BOX_SIZE_M)
        add_object(spec, "box", mujoco.mjtGeom.mjGEOM_BOX, (depth, width, height), BOX_MASS_KG)

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose colour and place."""
        colour = str(stream(seed, "goal").choice(list(COLOURS)))
        placement = workspace.BOX.sample(stream(seed, "pose"), levels.pose)
        return Goal("box", "both", colour, "box"), {"box": placement}, {"box": colour}

    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return ways to ask for a lift with both hands."""
        thing = f"the {goal.colour} box"
        return (
            f"lift {thing} with both hands",
            f"pick up {thing} using both hands",
            f"raise {thing} between your two hands",
            f"with both hands, lift {thing}",
            f"take {thing} in both hands and hold it up",
        )

    def predicate(self, episode: Episode) -> StagedPredicate:
        """Judge: approached, grasped by both hands, lifted, held."""
        rise = Rise("box")

        def touched_by_both(world: WorldState) -> bool:
            return all(world.digits(hand, "box") for hand in HANDS)

        def is_lifted(world: WorldState) -> bool:
            return rise(world) >= LIFT_M and touched_by_both(world) and "box" not in world.on_table

        def failure(world: WorldState) -> str:
            rise(world)
            return has_fallen(world, "box")

        return StagedPredicate(
            (
                Stage("approached", lambda world: all(_is_beside(world, hand) for hand in HANDS)),
                Stage("grasped", touched_by_both),
                Stage("lifted", is_lifted),
                Stage("held", is_lifted, HOLD_S),
            ),
            failure,
        )


def _is_beside(world: WorldState, hand: str) -> bool:
    """Whether a palm is near the box's side that faces it; the box is much wider than `NEAR_M`."""
    if is_near(world, hand, "box"):
        return True
    box = world.objects["box"]
    side = 1.0 if hand == "left" else -1.0
    offset = world.hands[hand].palm - (box.position + side * box.rotation[:, 1] * BOX_SIZE_M[1] / 2)
    return bool((offset**2).sum() < _NEAR_SIDE_M**2)
