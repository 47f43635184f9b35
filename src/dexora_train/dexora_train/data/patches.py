"""What each patch of a picture shows: the colours of things in it, and where their middles are.

One picture gives an encoder dozens of answers, where the places in the world are a handful for four pictures.
"""

from __future__ import annotations

import numpy as np
from dexora_perception.preprocess import fitted
from dexora_sim.offscreen import OffscreenRenderer
from dexora_sim.tasks.base import COLOURS
from dexora_sim.twin import Twin
from numpy.typing import NDArray

from dexora_train.data.cameras import RENDER_SIZE

VALUES = 4
"""Of each patch and colour: the share of the patch that it covers; right and down from the patch's middle to
where the thing's middle is projected [patches]; its distance along the optical axis [m]."""
MOST_PATCHES = 3.0
"""Middles that are farther away are told as this far."""


def patches_of(twin: Twin, renderer: OffscreenRenderer, size: int, grid: int) -> NDArray[np.float16]:
    """Return the answers for all views of the state that a renderer has loaded, (V, grid², colours, 4).

    Args:
        twin: Knows the things.
        renderer: Has loaded the twin's snapshot.
        size: Side of the square picture that an encoder gets [px].
        grid: Patches along it.
    """
    found = np.zeros((len(renderer.views), grid, grid, len(COLOURS), VALUES), np.float16)
    height, width = fitted(*RENDER_SIZE, size)
    top, left = (size - height) // 2, (size - width) // 2
    model, objects, colours = twin.model, twin.world().objects, list(COLOURS)
    for view, answers in zip(renderer.views, found, strict=True):
        geoms = renderer.draw_geoms(view, height, width)
        roots = np.where(geoms < 0, -1, model.body_rootid[model.geom_bodyid[geoms]])
        for name, colour in twin.episode.colours.items():
            shown = np.zeros((size, size), np.float32)
            shown[top : top + height, left : left + width] = roots == model.body(name).id
            right, down, distance_m = renderer.project(view, objects[name].position)
            middle = np.array([right, down]) * height / 2 + size / 2
            answers[:, :, colours.index(colour)] = _of_thing(shown, middle, distance_m, grid)
    return found.reshape(len(found), grid * grid, len(COLOURS), VALUES)


def _of_thing(
    shown: NDArray[np.float32], middle_px: NDArray[np.float64], distance_m: float, grid: int
) -> NDArray[np.float64]:
    """Return one thing's answers (grid, grid, 4); zeros where it does not show."""
    side = len(shown) // grid
    covered = shown.reshape(grid, side, grid, side).mean(axis=(1, 3))
    centres = (np.arange(grid) + 0.5) * side
    right, down = np.broadcast_arrays(
        (middle_px[0] - centres[None, :]) / side, (middle_px[1] - centres[:, None]) / side
    )
    there = [np.clip(offset, -MOST_PATCHES, MOST_PATCHES) for offset in (right, down)]
    answers = np.stack([covered, *there, np.full_like(covered, distance_m)], axis=-1)
    return np.where(covered[..., None] > 0, answers, 0.0)
