"""Expert of `lift_variant`: it lifts the can by its neck, above the foot."""

from __future__ import annotations

from typing import ClassVar

from dexora_sim.experts.lift import LiftExpert
from dexora_sim.tasks.lift_variant import NECK_RADIUS_M


class LiftVariantExpert(LiftExpert):
    """The expert of `lift`, with a hand that closes further."""

    task: ClassVar[str] = "lift_variant"
    radius_m: ClassVar[float] = NECK_RADIUS_M
