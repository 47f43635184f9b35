"""Trajectories as controllers receive them: a few points that end at rest inside the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_core.motion import Plan
from dexora_core.motion.limits import FloatArray

_SOON_S = 1e-9


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a trajectory for n times and G joints.

    A controller that interpolates position, velocity and acceleration with polynomials of degree five follows
    the motion behind the points exactly.

    Attributes:
        times_s: Times from the start, ascending and positive [s], shape (n,).
        position: Positions [rad], shape (n, G).
        velocity: Velocities [rad/s], shape (n, G); the last row is zero.
        acceleration: Accelerations [rad/s2], shape (n, G); the last row is zero.
    """

    times_s: FloatArray
    position: FloatArray
    velocity: FloatArray
    acceleration: FloatArray

    def __len__(self) -> int:
        return len(self.times_s)


def command_points(
    plan: Plan, now_ns: int, groups: Mapping[str, NDArray[np.intp]], hold_s: float
) -> dict[str, Points]:
    """Return what each group's controller is to be sent: the ends of its polynomials, the last at rest.

    A trajectory that ended before it arrived would be refused, so a short one is told to rest a while.

    Args:
        plan: The plan in force.
        now_ns: Start of the trajectories.
        groups: Joint indices of the groups that are to be sent something.
        hold_s: Every trajectory lasts at least this long [s].
    """
    ends = np.round(plan.knots_s(now_ns), 9)
    rest = plan.rest_position()
    result, others = {}, {}
    for group, indices in groups.items():
        times = sorted({time for time in ends[:, indices].ravel().tolist() if time > _SOON_S})
        count = len(times)
        if not count or times[-1] < hold_s:
            times.append(hold_s)
        if not count:
            result[group] = _rest_at(times, rest[indices])
        elif count == 2 and plan.uniform is not None:
            result[group] = _rest_at(times, rest[indices], plan.handover[:, indices])
        else:
            others[group] = times
    if others:
        result.update(_evaluate(plan, now_ns, groups, others))
    return result


def _rest_at(times: list[float], position: FloatArray, before: FloatArray | None = None) -> Points:
    """Points that rest at `position`, after the state `before` at the first of the times, if any."""
    states = np.zeros((3, len(times), position.size))
    states[0] = position
    if before is not None:
        states[:, 0] = before
    return Points(np.array(times), *states)


def _evaluate(
    plan: Plan, now_ns: int, groups: Mapping[str, NDArray[np.intp]], knots: Mapping[str, list[float]]
) -> dict[str, Points]:
    """Evaluate the plan at the knots of each group."""
    times = np.array(sorted({time for own in knots.values() for time in own}))
    states = plan.states(times[:, None] + plan.elapsed_s(now_ns))
    result = {}
    for group, own in knots.items():
        rows = np.searchsorted(times, own)
        position, velocity, acceleration = states[:, rows][:, :, groups[group]]
        velocity[-1] = acceleration[-1] = 0.0
        result[group] = Points(np.array(own), position, velocity, acceleration)
    return result
