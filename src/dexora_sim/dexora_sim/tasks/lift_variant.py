"""Lift of a thing that `lift` never shows, a tall square can: policies meet it after training and adapt."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import mujoco

from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.furniture import add_object
from dexora_sim.tasks.lift import CAN_MASS_KG, Lift
from dexora_sim.tasks.placing import Placement

HALF_SIDE_M = 0.022
HEIGHT_M = 0.180
_HALF_YAW_RAD = 0.78


class LiftVariant(Lift):
    """As `lift`, with a square can that is slimmer, taller and turned anyhow."""

    name: ClassVar[str] = "lift_variant"

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the can."""
        size = (HALF_SIDE_M, HALF_SIDE_M, HEIGHT_M / 2)
        add_object(spec, "can", mujoco.mjtGeom.mjGEOM_BOX, size, CAN_MASS_KG)

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose hand and colour as `lift` does, and how the can is turned."""
        goal, placements, colours = super().choose(seed, levels)
        share = 0.0 if levels.pose == "off" else float(stream(seed, "yaw").uniform(-1.0, 1.0))
        turned = replace(placements["can"], yaw_rad=share * _HALF_YAW_RAD)
        return replace(goal, shape="square can"), {"can": turned}, colours

    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return the ways in which `lift` asks, for a square can."""
        return super().phrasings(replace(goal, colour=f"{goal.colour} square"))
