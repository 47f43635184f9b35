"""What the simulation knows and no robot does: where things are. It may teach an encoder, never a policy."""

from __future__ import annotations

import numpy as np
from dexora_sim.tasks.base import COLOURS
from dexora_sim.twin import Twin
from numpy.typing import NDArray

AXES = ("x", "y", "z")
"""Of a place, in the world frame."""
NAMES = (
    *(f"target_{axis}" for axis in AXES),
    *(f"{colour}_{part}" for colour in COLOURS for part in ("present", *AXES)),
)
"""Target of the instruction, and the thing of each colour: 1 if there is one, and where [m], world frame."""

DECIMETRES = 10.0
"""Of a metre; what a network says about places is judged in decimetres."""


def truth_of(twin: Twin) -> NDArray[np.float32]:
    """Return the values of `NAMES` at this moment, shape (S,); zeros for a colour that is not there."""
    episode, objects = twin.episode, twin.world().objects
    values = dict.fromkeys(NAMES, 0.0)
    target = objects.get(episode.goal.target)
    if target is not None:
        values |= {f"target_{axis}": float(target.position[k]) for k, axis in enumerate(AXES)}
    for name, colour in episode.colours.items():
        if name in objects:
            place = objects[name].position
            values |= {f"{colour}_{axis}": float(place[k]) for k, axis in enumerate(AXES)}
            values[f"{colour}_present"] = 1.0
    return np.array([values[name] for name in NAMES], dtype=np.float32)
