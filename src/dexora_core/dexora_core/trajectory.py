"""Trajectories as controllers receive them: a few points that end at rest inside the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_core.motion import Plan
from dexora_core.motion.limits import FloatArray


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

    Args:
        plan: The plan in force.
        now_ns: Start of the trajectories.
        groups: Joint indices of the groups that are to be sent something.
        hold_s: Time of the only point of a group that rests already [s].
    """
    knots = {group: plan.knots_s(now_ns, indices) or [hold_s] for group, indices in groups.items()}
    times = np.array(sorted({time for own in knots.values() for time in own}))
    states = plan.states(times[:, None] + plan.elapsed_s(now_ns))
    result = {}
    for group, indices in groups.items():
        own = np.array(knots[group])
        rows = np.searchsorted(times, own)
        position, velocity, acceleration = states[:, rows][:, :, indices]
        velocity[-1] = acceleration[-1] = 0.0
        result[group] = Points(own, position, velocity, acceleration)
    return result
