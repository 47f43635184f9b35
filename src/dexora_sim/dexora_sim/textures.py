"""Procedural textures for the table, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIZE_PX = 128
_SEED = 20
Pixels = NDArray[np.uint8]


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    axis = np.arange(SIZE_PX) / SIZE_PX
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    return rows, columns


def _plain(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.92 + 0.02 * noise


def _wood(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = _grid()
    grain = np.sin(2 * np.pi * (9 * rows + 0.6 * np.sin(2 * np.pi * columns)))
    return 0.8 + 0.12 * grain + 0.03 * noise


def _speckle(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.75 + 0.15 * noise


def _linen(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = _grid()
    weave = np.sin(2 * np.pi * 32 * rows) * np.sin(2 * np.pi * 32 * columns)
    return 0.85 + 0.08 * weave + 0.02 * noise


def _checker(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = _grid()
    return 0.55 + 0.35 * ((np.floor(8 * rows) + np.floor(8 * columns)) % 2) + 0.02 * noise


def _stripes(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, _ = _grid()
    return 0.55 + 0.35 * (np.floor(10 * rows) % 2) + 0.02 * noise


TEXTURES: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "table_plain": _plain,
    "table_wood": _wood,
    "table_speckle": _speckle,
    "table_linen": _linen,
    "table_checker": _checker,
    "table_stripes": _stripes,
}
"""Brightness (H, W) in 0..1 by name; the colour comes from the material."""


def texture_pixels(name: str) -> Pixels:
    """Return a texture, (H, W, 3) uint8 grey; the material tints it.

    Raises:
        KeyError: The name is not in `TEXTURES`.
    """
    noise = np.random.default_rng(_SEED).standard_normal((SIZE_PX, SIZE_PX))
    grey = np.clip(255.0 * TEXTURES[name](noise), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
