"""Going to a pose from rest: a time-optimal, jerk-limited motion on a straight line in joint space."""

from __future__ import annotations

import numpy as np
from ruckig import InputParameter, Result, Ruckig, Synchronization, Trajectory

from dexora_core.errors import TrajectoryError
from dexora_core.motion import MotionLimits
from dexora_core.motion.limits import FloatArray
from dexora_core.trajectory import Points

_RESERVE = 0.99
"""Share of the limits that is planned with; the rest covers rounding."""

_SHORTEST_S = 0.001
"""Phases end no earlier than this; a motion that leads nowhere takes as long."""


def go_to(
    limits: MotionLimits,
    start: FloatArray,
    target: FloatArray,
    speed_scale: float = 1.0,
) -> Points:
    """Return a motion from rest to rest; all joints arrive together.

    The points are the ends of its phases of constant jerk, so a controller follows it exactly.

    Args:
        limits: Limits of the robot.
        start: Where the joints rest [rad], shape (J,).
        target: Where they shall rest [rad], shape (J,).
        speed_scale: Fraction of the velocity limits to use, in (0, 1].

    Raises:
        TrajectoryError: A value is not finite, a target is outside its limits, or the scale is out of range.
    """
    _check(limits, start, target, speed_scale)
    request = InputParameter(limits.count)
    request.current_position = list(start)
    request.target_position = list(target)
    request.max_velocity = list(limits.velocity * _RESERVE * speed_scale)
    request.max_acceleration = list(limits.acceleration * _RESERVE * speed_scale)
    request.max_jerk = list(limits.jerk * _RESERVE * speed_scale)
    request.synchronization = Synchronization.Phase
    trajectory = Trajectory(limits.count)
    result = Ruckig(limits.count).calculate(request, trajectory)
    if result not in {Result.Working, Result.Finished}:
        raise TrajectoryError(
            f"no motion to the pose was found ({result}); choose another pose", code="DX-CMD-005"
        )
    return _phases(trajectory, target)


def _check(limits: MotionLimits, start: FloatArray, target: FloatArray, speed_scale: float) -> None:
    if not 0.0 < speed_scale <= 1.0:
        raise TrajectoryError(f"speed_scale is {speed_scale}; it must lie in (0, 1]", code="DX-CMD-005")
    if start.shape != target.shape or start.shape != (limits.count,) or not np.isfinite(start + target).all():
        msg = f"start {start.shape} and target {target.shape} must be {limits.count} finite positions each"
        raise TrajectoryError(msg, code="DX-CMD-005")
    excess = np.maximum(target - limits.upper, limits.lower - target)
    worst = int(np.argmax(excess))
    if excess[worst] > 0.0:
        msg = (
            f"joint {limits.names[worst]} is to go to {target[worst]:.4f} rad, outside"
            f" [{limits.lower[worst]:.4f}, {limits.upper[worst]:.4f}] rad; choose a pose inside"
        )
        raise TrajectoryError(msg, code="DX-CMD-005")


def _phases(trajectory: Trajectory, target: FloatArray) -> Points:
    ends = np.cumsum([profile.t for profile in trajectory.profiles[0]], axis=1)
    times = np.unique(np.round(np.append(ends.ravel(), max(trajectory.duration, _SHORTEST_S)), 9))
    times = times[times >= _SHORTEST_S]
    states = np.array([trajectory.at_time(float(time)) for time in times])
    position, velocity, acceleration = np.moveaxis(states, 1, 0)
    position[-1], velocity[-1], acceleration[-1] = target, 0.0, 0.0
    return Points(times, position, velocity, acceleration)
