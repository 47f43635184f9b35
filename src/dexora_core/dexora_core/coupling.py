"""What a fault of one group means for the others: arms stop together, and a hand keeps what it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum

from dexora_core.faults import Level


class GroupMode(Enum):
    """What a group of joints does."""

    RUN = "run"
    """It follows the owner of the robot."""
    STOP = "stop"
    """It comes to rest and holds its position."""
    GRIP = "grip"
    """It comes to rest and keeps its set-point, and with it the force on what it holds."""
    FROZEN = "frozen"
    """Its driver is dead: its set-point stays, and nothing new is sent to it until it is back."""


def group_modes(level: Level, dead: Collection[str], kinds: Mapping[str, str]) -> dict[str, GroupMode]:
    """Return what each group does.

    Args:
        level: Level of the stop ladder.
        dead: Groups whose driver does not answer.
        kinds: Kind of each group, `arm` or `hand`.
    """
    is_stopped = level >= Level.SOFT_STOP or bool(dead)
    modes = {}
    for group, kind in kinds.items():
        if group in dead:
            modes[group] = GroupMode.FROZEN
        elif not is_stopped:
            modes[group] = GroupMode.RUN
        else:
            modes[group] = GroupMode.GRIP if kind == "hand" else GroupMode.STOP
    return modes
