"""Pushes the robot off the expert's path while it is recorded, so that the data shows how to come back.

The executed targets are disturbed, the recorded action is what the expert wanted (Laskey et al., "DART: Noise
Injection for Robust Imitation Learning", 2017).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PUSHES_PER_S = 0.7
_SHORTEST_S, _LONGEST_S = 0.4, 1.2


def disturbance(
    rng: np.random.Generator, shape: tuple[int, int], rate_hz: float, arms: NDArray[np.intp], size_rad: float
) -> NDArray[np.float64]:
    """Return offsets for the executed targets [rad]: smooth pushes of the arms.

    Args:
        rng: Source of chance.
        shape: Steps and joints.
        rate_hz: Steps per second.
        arms: Which joints are the arms'; the fingers are left alone.
        size_rad: Standard deviation of a push at its height [rad]; 0 for none.
    """
    steps = shape[0]
    offsets = np.zeros(shape)
    for _ in range(rng.poisson(_PUSHES_PER_S * steps / rate_hz) if size_rad > 0.0 else 0):
        length = max(2, round(rng.uniform(_SHORTEST_S, _LONGEST_S) * rate_hz))
        start = int(rng.integers(0, max(1, steps - length)))
        course = np.sin(np.linspace(0.0, np.pi, length)) ** 2
        push = rng.normal(0.0, size_rad, len(arms))
        rows = offsets[start : start + length]
        rows[:, arms] += course[: len(rows), None] * push
    return offsets
