"""The arithmetic of INT8: symmetric weights per output channel, activations per tensor, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dexora_train.export.calibration import Activation

Floats = NDArray[np.float32]

LEVELS = 127
"""Largest magnitude of a symmetric INT8 value; -128 stays unused, so that negation is exact."""

_PERCENTILES = (99.9, 99.99, 99.999, 100.0)
_SMALLEST_SCALE = 1e-8


def quantise_weight(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return a weight [K, N] as INT8 and its scales [N], one per output channel."""
    scales = np.maximum(np.abs(weight).max(axis=0) / LEVELS, _SMALLEST_SCALE).astype(np.float32)
    return np.clip(np.rint(weight / scales), -LEVELS, LEVELS).astype(np.int8), scales


def round_static(values: Floats, scale: float) -> Floats:
    """Return values after a symmetric round trip through INT8 with one scale."""
    return np.clip(np.rint(values / scale), -LEVELS, LEVELS).astype(np.float32) * np.float32(scale)


def round_dynamic(values: Floats) -> Floats:
    """Return values after the round trip of `DynamicQuantizeLinear`: 256 levels over this tensor's range."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    scale = max((high - low) / 255, _SMALLEST_SCALE)
    zero = np.clip(np.rint(-low / scale), 0, 255)
    return ((np.clip(np.rint(values / scale) + zero, 0, 255) - zero) * scale).astype(np.float32)


def sqnr_db(exact: Floats, rounded: Floats) -> float:
    """Return the ratio of signal to quantisation noise [dB]; infinite when nothing was lost."""
    noise = float(np.sum(np.square(exact - rounded, dtype=np.float64)))
    signal = float(np.sum(np.square(exact, dtype=np.float64)))
    if noise == 0.0:
        return float("inf")
    return 10.0 * float(np.log10(max(signal, 1e-30) / noise))


def shared_scale(activation: Activation, weights: Sequence[Floats]) -> float:
    """Choose the scale of a tensor: the percentile that costs the layers that read it least.

    Args:
        activation: What the tensor held over the calibration set.
        weights: Weights [K, N] of all layers that read it.
    """
    together = np.concatenate(weights, axis=1)
    magnitudes = np.abs(activation.rows)
    candidates = {activation.peak, *(float(np.percentile(magnitudes, p)) for p in _PERCENTILES)}
    scales = [max(candidate / LEVELS, _SMALLEST_SCALE) for candidate in sorted(candidates)]
    return max(scales, key=lambda scale: static_sqnr_db(activation, together, scale))


def static_sqnr_db(activation: Activation, weight: Floats, scale: float) -> float:
    """Return a layer's ratio of signal to noise when its input has a fixed scale [dB]."""
    rounded = round_static(activation.rows, scale)
    return sqnr_db(activation.rows @ weight, rounded @ _round_trip(weight))


def dynamic_sqnr_db(activation: Activation, weight: Floats) -> float:
    """Return a layer's ratio of signal to noise when its input is quantised at run time [dB]."""
    return sqnr_db(activation.rows @ weight, round_dynamic(activation.rows) @ _round_trip(weight))


def _round_trip(weight: Floats) -> Floats:
    integers, scales = quantise_weight(weight)
    return integers.astype(np.float32) * scales
