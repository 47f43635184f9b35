"""Conditions that several tasks share, as small objects fed with states of the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from dexora_sim.tasks.furniture import TABLE_TOP_M
from dexora_sim.world import BodyState, WorldState

NEAR_M = 0.12
"""A palm this close to an object's middle has approached it; a fingertip at half of it."""
LIFT_M = 0.10
HOLD_S = 1.0
_FALL_M = 0.05


class SeesObjects(Protocol):
    """What knows where objects are: the world, or an expert's view of it."""

    @property
    def objects(self) -> Mapping[str, BodyState]:
        """State of each object, by body name."""


class Rise:
    """Measures how far an object is above the height at which it was first seen.

    Args:
        name: Body of the object.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._start_m: float | None = None

    def __call__(self, seen: SeesObjects) -> float:
        """Return the rise in m."""
        height_m = float(seen.objects[self._name].position[2])
        if self._start_m is None:
            self._start_m = height_m
        return height_m - self._start_m


def is_near(world: WorldState, hand: str, name: str) -> bool:
    """Whether a palm or a fingertip of a hand has come close to an object, or touches it."""
    if world.digits(hand, name):
        return True
    position = world.objects[name].position
    state = world.hands[hand]
    tips = [float(np.linalg.norm(tip - position)) for tip in state.tips.values()]
    return float(np.linalg.norm(state.palm - position)) < NEAR_M or min(tips, default=np.inf) < NEAR_M / 2


def is_gripped(world: WorldState, hand: str, name: str) -> bool:
    """Whether at least two digits (the palm counts as one) of a hand touch an object."""
    return len(world.digits(hand, name)) >= 2


def has_fallen(world: WorldState, name: str) -> str:
    """Return why the episode is lost when an object is below the table, or ""."""
    if world.objects[name].position[2] < TABLE_TOP_M - _FALL_M:
        return f"the {name} fell off the table"
    return ""
