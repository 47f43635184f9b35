"""What benchmarks/command_path.py says of a motion: jumps, jerk, error, idleness, limits exceeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from dexora_core.motion import MotionLimits
from numpy.typing import NDArray
from path_cases import TICK, sway

Array = NDArray[np.float64]
Results = dict[tuple[str, int], dict[str, Any]]

OURS = "prefix"
TICK_MS, SKIP_TICKS, BORDER_TICKS = 10, 100, 20
AT_REST_RAD_S = 1e-3
EQUAL_ERROR = 1.1
"""A rival whose tracking error is at most this many times ours counts as one of equal tracking error."""


@dataclass(frozen=True)
class Motion:
    """What an observer of the commanded positions sees.

    Attributes:
        positions: One row per millisecond, shape (N, J) [rad].
        borders: Ticks at which a new chunk took effect.
        observer_ms: Distance of the samples that limits are judged by [ms].
    """

    positions: Array
    borders: tuple[int, ...]
    observer_ms: int


def exceedances(motion: Motion, limits: MotionLimits) -> dict[str, int]:
    """Return in how many ticks any joint is outside of each limit."""
    every_ms = motion.observer_ms
    series = motion.positions[SKIP_TICKS * TICK_MS :: every_ms]
    per_tick = TICK_MS // every_ms
    outside = {"over q": (series > limits.upper + 1e-9) | (series < limits.lower - 1e-9)}
    bounds = {
        "over v": (limits.velocity, 1e-9),
        "over a": (limits.acceleration, 1e-6),
        "over j": (limits.jerk, 1e-3),
    }
    for name, (bound, rounding) in bounds.items():
        series = np.diff(series, axis=0) / (every_ms * 1e-3)
        outside[name] = np.abs(series) > bound + rounding
    counts = {}
    for name, flags in outside.items():
        instants = np.flatnonzero(flags.any(axis=1))
        counts[name] = len(np.unique(instants // per_tick))
    return counts


def judge(motion: Motion, limits: MotionLimits) -> dict[str, Any]:
    """Return what the motion is like, seen once per tick; the first second is left out."""
    q = motion.positions[SKIP_TICKS * TICK_MS :: TICK_MS]
    v, a, j = (np.diff(q, order, axis=0) / (TICK_MS * 1e-3) ** order for order in (1, 2, 3))
    meant = np.array([sway((SKIP_TICKS + 3 + k) * TICK * 1e-9) for k in range(len(q))])
    near = np.zeros(len(q), dtype=bool)
    for border in motion.borders:
        near[max(border - SKIP_TICKS, 0) : max(border - SKIP_TICKS + BORDER_TICKS, 0)] = True
    jumps = [np.abs(np.diff(series, axis=0))[near[1 : len(series)]] for series in (q, v, a)]
    largest = [float(jump.max()) if len(jump) else 0.0 for jump in jumps]
    return {
        "chunks": len(motion.borders),
        "jump rad": largest[0],
        "jump rad/s": largest[1],
        "jump rad/s2": largest[2],
        "jerk rms rad/s3": float(np.sqrt((j**2).mean())),
        "error mrad": float(np.abs(q - meant).mean() * 1e3),
        "idle %": float((np.abs(v).max(axis=1) < AT_REST_RAD_S).mean() * 100),
        **exceedances(motion, limits),
    }


def jerk_ratio(results: Results, delay_ms: int) -> float:
    """Return our RMS jerk over the least one of all that track as well as we do; 0 when nobody does."""
    ours = results[OURS, delay_ms]
    rivals = [
        found["jerk rms rad/s3"]
        for (name, delay), found in results.items()
        if delay == delay_ms and name != OURS and found["error mrad"] <= EQUAL_ERROR * ours["error mrad"]
    ]
    return ours["jerk rms rad/s3"] / max(min(rivals), 1e-9) if rivals else 0.0
