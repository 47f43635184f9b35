"""How fast to stop: the shortest stop inside acceleration and jerk limits, never longer than the budget."""

from __future__ import annotations

import numpy as np

from dexora_core.trajectory_execution.hardware import FloatArray
from dexora_core.trajectory_execution.motion import NS_PER_S, SetPoint, Stop
from dexora_core.trajectory_execution.request import GroupLimits

# Candidate durations are tried in steps of this part of the budget.
_CANDIDATES = 20
# Slower than this counts as standing [rad/s], [rad/s^2].
REST_RAD_S = 1e-6
REST_RAD_S2 = 1e-3


def plan_stop(start: SetPoint, start_ns: int, limits: GroupLimits, budget_s: float) -> Stop:
    """Plan the way from a moving set-point to rest.

    All joints of the group stop together, so that the path keeps its shape. If no stop inside acceleration
    and jerk limits fits into the budget, the stop takes the whole budget: a sender that died must not leave
    the robot moving.

    Args:
        start: Where the stop begins.
        start_ns: When it begins [ns].
        limits: The group's limits.
        budget_s: Longest allowed duration [s].

    Returns:
        The stop; `is_within_limits` tells whether the limits could be kept.
    """
    if np.abs(start.velocity).max() <= REST_RAD_S and np.abs(start.acceleration).max() <= REST_RAD_S2:
        return Stop(start, start_ns, 0)
    durations = budget_s * np.arange(1, _CANDIDATES + 1)[:, None] / _CANDIDATES
    with np.errstate(over="ignore", invalid="ignore"):
        acceleration, jerk = _peaks(start, durations)
        allowed = np.maximum(limits.max_acceleration_rad_s2, np.abs(start.acceleration))
        is_kept = ((acceleration <= allowed * 1.0001) & (jerk <= limits.max_jerk_rad_s3 * 1.0001)).all(axis=1)
    is_within_limits = bool(is_kept.any())
    index = int(np.argmax(is_kept)) if is_within_limits else _CANDIDATES - 1
    return Stop(start, start_ns, round(float(durations[index, 0]) * NS_PER_S), is_within_limits)


def hold(position: FloatArray, now_ns: int) -> Stop:
    """Return the motion that stays where it is.

    Args:
        position: Shape (J,), rad.
        now_ns: Current time [ns].

    Returns:
        A stop of no duration.
    """
    zero = np.zeros_like(position)
    return Stop(SetPoint(position, zero, zero), now_ns, 0)


def _peaks(start: SetPoint, durations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the peak acceleration and jerk, shapes (N, J), of stops that take `durations`, shape (N, 1)."""
    v, a = start.velocity / durations, start.acceleration[None, :]
    # acceleration(s) = v (-6 s + 6 s^2) + a (1 - 4 s + 3 s^2), extreme where its derivative vanishes.
    curvature = 12 * v + 6 * a
    s = np.clip((6 * v + 4 * a) / np.where(np.abs(curvature) < 1e-12, 1e-12, curvature), 0.0, 1.0)
    inner = np.abs(v * (6 * s**2 - 6 * s) + a * (1 - 4 * s + 3 * s**2))
    acceleration = np.maximum(inner, np.abs(a))
    jerk = np.maximum(np.abs(6 * v + 4 * a), np.abs(6 * v + 2 * a)) / durations
    return acceleration, jerk
