"""Expert of `lift_variant`: it lifts the square can as the round one."""

from __future__ import annotations

from typing import ClassVar

from dexora_sim.experts.lift import LiftExpert


class LiftVariantExpert(LiftExpert):
    """The expert of `lift`: a hand wraps either can."""

    task: ClassVar[str] = "lift_variant"
