"""From a checked trajectory to a motion that starts where the set-point is."""

from __future__ import annotations

import numpy as np

from dexora_core.trajectory_execution.hardware import FloatArray, IndexArray
from dexora_core.trajectory_execution.motion import Knot, SetPoint, Spline, Stop
from dexora_core.trajectory_execution.request import GroupLimits
from dexora_core.trajectory_execution.stopping import REST_RAD_S, hold, plan_stop
from dexora_core.trajectory_execution.validation import ValidPoint, ValidTrajectory


def plan_spline(
    trajectory: ValidTrajectory, start: SetPoint, now_ns: int, limits: GroupLimits, stop_budget_s: float
) -> Spline:
    """Lay a spline through the points, from the current set-point on.

    Points whose time has passed are only the beginning of the first segment, as in
    joint_trajectory_controller. If the first point lies ahead, the way to it starts at the current set-point.
    Joints that the trajectory does not name come to rest.

    Args:
        trajectory: What to execute.
        start: The current set-point.
        now_ns: Current time [ns].
        limits: The group's limits.
        stop_budget_s: Longest stop after a last point that moves [s].

    Returns:
        The motion, followed by its stop.
    """
    start_ns = trajectory.stamp_ns or now_ns
    rest = start.position
    if len(trajectory.indices) < len(rest):
        still = plan_stop(start, now_ns, limits, stop_budget_s)
        rest = np.clip(still.sample(still.end_ns).position, limits.lower_rad, limits.upper_rad)
    knots = [_knot(point, start_ns, trajectory.indices, rest) for point in trajectory.points]
    if knots[0].time_ns > now_ns:
        knots.insert(0, Knot(now_ns, start.position, start.velocity, start.acceleration))
    return Spline(knots, _stop_after(knots[-1], limits, stop_budget_s))


def _knot(point: ValidPoint, start_ns: int, indices: IndexArray, rest: FloatArray) -> Knot:
    return Knot(
        start_ns + point.time_from_start_ns,
        _spread(point.position, indices, rest),
        None if point.velocity is None else _spread(point.velocity, indices, np.zeros_like(rest)),
        None if point.acceleration is None else _spread(point.acceleration, indices, np.zeros_like(rest)),
    )


def _spread(values: FloatArray, indices: IndexArray, others: FloatArray) -> FloatArray:
    full = others.copy()
    full[indices] = values
    return full


def _stop_after(last: Knot, limits: GroupLimits, stop_budget_s: float) -> Stop:
    if last.velocity is None or np.abs(last.velocity).max() <= REST_RAD_S:
        return hold(last.position, last.time_ns)
    bound = limits.max_velocity_rad_s
    acceleration = np.zeros_like(last.position) if last.acceleration is None else last.acceleration
    acceleration = np.clip(acceleration, -limits.max_acceleration_rad_s2, limits.max_acceleration_rad_s2)
    moving = SetPoint(last.position, np.clip(last.velocity, -bound, bound), acceleration)
    return plan_stop(moving, last.time_ns, limits, stop_budget_s)
