"""What makes a trajectory acceptable: names, sizes, times, finite numbers, position limits.

The rules are joint_trajectory_controller's; beyond them, duplicate names, non-finite numbers, positions
outside the limits, efforts, and starts far in the future (another clock) are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexora_core.trajectory_execution.hardware import FloatArray, IndexArray
from dexora_core.trajectory_execution.request import (
    ErrorCode,
    GroupLimits,
    PointRequest,
    Refusal,
    TrajectoryRequest,
)

MAX_POINTS = 10_000
# A refusal names so many wrong joints at most.
_SHOWN = 12
# A limit written as float32 and read back may lie this far outside.
LIMIT_ROUNDING_RAD = 1e-6
_FIELDS = ("positions", "velocities", "accelerations")


@dataclass(frozen=True)
class ValidationRules:
    """What a controller lets through.

    Attributes:
        allow_partial_joints_goal: Whether a request may name some of the joints only.
        allow_nonzero_velocity_at_trajectory_end: Whether the last point may still move.
        max_start_delay_s: How far ahead the start may lie [s]; more means that sender and controller use
            different clocks.
    """

    allow_partial_joints_goal: bool = False
    allow_nonzero_velocity_at_trajectory_end: bool = False
    max_start_delay_s: float = 60.0


@dataclass(frozen=True)
class ValidPoint:
    """A checked point; arrays of shape (K,) in the order of `ValidTrajectory.indices`, None where empty."""

    time_from_start_ns: int
    position: FloatArray
    velocity: FloatArray | None
    acceleration: FloatArray | None


@dataclass(frozen=True)
class ValidTrajectory:
    """A checked trajectory.

    Attributes:
        stamp_ns: Start [ns], 0 means at the next tick.
        indices: Shape (K,): joint of the group that each number belongs to.
        points: At least one.
    """

    stamp_ns: int
    indices: IndexArray
    points: tuple[ValidPoint, ...]


def validate(
    request: TrajectoryRequest, limits: GroupLimits, rules: ValidationRules, now_ns: int
) -> ValidTrajectory | Refusal:
    """Check a request and bring it into arrays.

    Args:
        request: What came in.
        limits: The group's names and limits.
        rules: What this controller lets through.
        now_ns: Current time of the controller's clock [ns].

    Returns:
        The checked trajectory, or the refusal with its code and sentence.
    """
    names = list(request.joint_names)
    refusal = (
        _check_names(names, limits, rules)
        or _check_times(request)
        or _check_start(request, rules, now_ns)
        or _check_sizes(request.points, len(names))
    )
    if refusal:
        return refusal
    points = tuple(_to_arrays(point) for point in request.points)
    indices = np.array([limits.joint_names.index(name) for name in names], dtype=np.intp)
    refusal = _check_values(points, names, limits, indices) or _check_end(points[-1], names, rules)
    return refusal or ValidTrajectory(request.stamp_ns, indices, points)


def _check_names(names: Sequence[str], limits: GroupLimits, rules: ValidationRules) -> Refusal | None:
    known = limits.joint_names
    problems = []
    if unknown := [name for name in names if name not in known]:
        problems.append("unknown " + _listed(unknown))
    if duplicate := [name for name, count in Counter(names).items() if count > 1]:
        problems.append("duplicate " + _listed(duplicate))
    if (missing := [name for name in known if name not in names]) and not rules.allow_partial_joints_goal:
        problems.append("missing " + _listed(missing))
    if not names:
        problems = ["none named"]
    if not problems:
        return None
    return Refusal(
        ErrorCode.INVALID_JOINTS,
        f"{len(names)} joint names do not match this controller: {'; '.join(problems)}; "
        f"expected {', '.join(known)}",
    )


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _check_times(request: TrajectoryRequest) -> Refusal | None:
    count = len(request.points)
    if not 1 <= count <= MAX_POINTS:
        return _invalid(f"a trajectory needs 1 to {MAX_POINTS} points, this one has {count}")
    previous_ns = -1
    for index, point in enumerate(request.points):
        if point.time_from_start_ns <= previous_ns:
            bound = f"not after point {index - 1} at {previous_ns / 1e9:.6f} s" if index else "negative"
            return _invalid(
                f"time_from_start of point {index} is {point.time_from_start_ns / 1e9:.6f} s, {bound}; "
                "times must strictly increase from 0"
            )
        previous_ns = point.time_from_start_ns
    return None


def _check_start(request: TrajectoryRequest, rules: ValidationRules, now_ns: int) -> Refusal | None:
    if request.stamp_ns == 0:
        return None
    hint = "do sender and controller use the same clock (use_sim_time)?"
    late_s = (now_ns - request.stamp_ns - request.points[-1].time_from_start_ns) / 1e9
    if late_s > 0.0:
        return Refusal(
            ErrorCode.OLD_HEADER_TIMESTAMP, f"the whole trajectory ended {late_s:.3f} s ago; {hint}"
        )
    early_s = (request.stamp_ns - now_ns) / 1e9
    if early_s > rules.max_start_delay_s:
        return _invalid(f"starts in {early_s:.3f} s, at most {rules.max_start_delay_s:g} s ahead; {hint}")
    return None


def _check_sizes(points: Sequence[PointRequest], joints: int) -> Refusal | None:
    for index, point in enumerate(points):
        for name in _FIELDS:
            size = len(getattr(point, name))
            if size != joints and (size or name == "positions"):
                return _invalid(f"point {index} has {size} {name} for {joints} joints")
        if len(point.effort):
            return _invalid(f"point {index} carries efforts; this controller commands positions only")
    return None


def _to_arrays(point: PointRequest) -> ValidPoint:
    position, velocity, acceleration = (
        np.array(values, dtype=np.float64) if len(values) else None
        for values in (point.positions, point.velocities, point.accelerations)
    )
    assert position is not None
    return ValidPoint(point.time_from_start_ns, position, velocity, acceleration)


def _check_values(
    points: Sequence[ValidPoint], names: Sequence[str], limits: GroupLimits, indices: IndexArray
) -> Refusal | None:
    for index, point in enumerate(points):
        rows = (point.position, point.velocity, point.acceleration)
        for name, row in zip(_FIELDS, rows, strict=True):
            if row is not None and not np.isfinite(row).all():
                joint = int(np.flatnonzero(~np.isfinite(row))[0])
                return _invalid(
                    f"{name} of {names[joint]} at point {index}: {row[joint]} is not a finite number; "
                    "send finite numbers only"
                )
    return _check_limits(points, names, limits.lower_rad[indices], limits.upper_rad[indices])


def _check_limits(
    points: Sequence[ValidPoint], names: Sequence[str], lower: FloatArray, upper: FloatArray
) -> Refusal | None:
    positions = np.stack([point.position for point in points])
    outside = (positions < lower - LIMIT_ROUNDING_RAD) | (positions > upper + LIMIT_ROUNDING_RAD)
    if not outside.any():
        return None
    row, joint = (int(index) for index in np.argwhere(outside)[0])
    return _invalid(
        f"position of {names[joint]} at point {row} is {positions[row, joint]:.4f} rad, "
        f"outside [{lower[joint]:.4f}, {upper[joint]:.4f}]; keep positions inside the contract's limits"
    )


def _check_end(last: ValidPoint, names: Sequence[str], rules: ValidationRules) -> Refusal | None:
    if rules.allow_nonzero_velocity_at_trajectory_end or last.velocity is None:
        return None
    moving = np.flatnonzero(np.abs(last.velocity) > np.finfo(np.float32).eps)
    if not moving.size:
        return None
    joint = int(moving[0])
    return _invalid(
        f"velocity of {names[joint]} at the last point is {last.velocity[joint]:.4f} rad/s; "
        "a goal must end at rest"
    )


def _invalid(reason: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_GOAL, reason)
