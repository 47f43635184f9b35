"""Lift of a thing that `lift` never shows, a can on a wide foot: policies meet it later and adapt."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import mujoco

from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.furniture import add_object, add_part
from dexora_sim.tasks.lift import Lift
from dexora_sim.tasks.placing import Placement

NECK_RADIUS_M = 0.022
NECK_HEIGHT_M = 0.120
FOOT_SIDE_M = 0.130
"""Of a square; a hand that comes where `lift` has its can meets the foot, and cannot close around it."""
FOOT_HEIGHT_M = 0.070
_NECK_MASS_KG, _FOOT_MASS_KG = 0.10, 0.15
_HALF_YAW_RAD = 0.78


class LiftVariant(Lift):
    """As `lift`, with a slim can that stands on a wide foot, so that it must be held higher."""

    name: ClassVar[str] = "lift_variant"

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the can; its body's origin is in the middle of what is held."""
        neck = (NECK_RADIUS_M, NECK_HEIGHT_M / 2, 0.0)
        can = add_object(spec, "can", mujoco.mjtGeom.mjGEOM_CYLINDER, neck, _NECK_MASS_KG)
        foot = (FOOT_SIDE_M / 2, FOOT_SIDE_M / 2, FOOT_HEIGHT_M / 2)
        below_m = -(NECK_HEIGHT_M + FOOT_HEIGHT_M) / 2
        add_part(can, "foot", mujoco.mjtGeom.mjGEOM_BOX, foot, _FOOT_MASS_KG, z_m=below_m)

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose hand and colour as `lift` does, and how the foot is turned."""
        goal, placements, colours = super().choose(seed, levels)
        share = 0.0 if levels.pose == "off" else float(stream(seed, "yaw").uniform(-1.0, 1.0))
        turned = replace(placements["can"], yaw_rad=share * _HALF_YAW_RAD)
        return replace(goal, shape="footed can"), {"can": turned}, colours

    def phrasings(self, goal: Goal) -> tuple[str, ...]:
        """Return the ways in which `lift` asks, for a footed can."""
        return super().phrasings(replace(goal, colour=f"{goal.colour} footed"))
