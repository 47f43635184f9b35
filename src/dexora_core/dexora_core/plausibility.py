"""Chunks that are well-formed but cannot be meant: sides swapped, or a first step far from the robot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dexora_core.motion.limits import FloatArray

FAR_RAD = 0.5
"""A first step that is so far from the robot on average is looked at more closely [rad]."""


def swapped_sides(wanted: FloatArray, commanded: FloatArray, groups: Mapping[str, NDArray[np.intp]]) -> str:
    """Return what looks exchanged between left and right, or an empty string.

    Args:
        wanted: Positions that a new chunk asks for now, shape (J,) [rad].
        commanded: Positions that are commanded now, shape (J,) [rad].
        groups: Joint indices by group; sides are told by the prefixes `left_` and `right_`.
    """
    for left, own in groups.items():
        other = groups.get("right_" + left.removeprefix("left_"))
        if not left.startswith("left_") or other is None or len(other) != len(own):
            continue
        pair, crossed = np.concatenate([own, other]), np.concatenate([other, own])
        distance = float(np.abs(wanted[pair] - commanded[pair]).mean())
        if distance > FAR_RAD and np.abs(wanted[crossed] - commanded[pair]).mean() < distance / 4:
            name = left.removeprefix("left_")
            return f"the {name}s are {distance:.2f} rad away on average, and close to each other's place"
    return ""
