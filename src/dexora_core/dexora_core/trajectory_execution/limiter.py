"""The last step before the hardware: whatever was asked, the set-point is finite and inside its limits."""

from __future__ import annotations

import numpy as np

from dexora_core.trajectory_execution.hardware import FloatArray
from dexora_core.trajectory_execution.motion import SetPoint
from dexora_core.trajectory_execution.request import GroupLimits

# A set-point this close to what was asked is on its path [rad].
ON_PATH_RAD = 1e-9


def limit(reference: SetPoint, last: FloatArray, limits: GroupLimits, elapsed_s: float) -> SetPoint:
    """Bring a set-point inside position and velocity limits.

    Args:
        reference: What the motion asks for; may hold any float.
        last: The set-point before, shape (J,), rad, inside the limits.
        limits: The group's limits.
        elapsed_s: Time since `last` [s]; not positive means that nothing may move.

    Returns:
        A finite set-point inside the position limits, no further from `last` than the velocity limits allow.
    """
    step = limits.max_velocity_rad_s * max(elapsed_s, 0.0)
    wanted = np.where(np.isnan(reference.position), last, reference.position)
    position = np.clip(wanted, last - step, last + step)
    position = np.clip(position, limits.lower_rad, limits.upper_rad)
    on_path = np.abs(position - reference.position) <= ON_PATH_RAD
    moved = (position - last) / elapsed_s if elapsed_s > 0.0 else np.zeros_like(position)
    velocity = np.where(on_path & np.isfinite(reference.velocity), reference.velocity, moved)
    velocity = np.clip(velocity, -limits.max_velocity_rad_s, limits.max_velocity_rad_s)
    acceleration = np.where(on_path & np.isfinite(reference.acceleration), reference.acceleration, 0.0)
    return SetPoint(position, velocity, acceleration)


def finite_inside(position: FloatArray, fallback: FloatArray, limits: GroupLimits) -> FloatArray:
    """Replace what is not finite and bring the rest inside the position limits.

    Args:
        position: Shape (J,), rad.
        fallback: Shape (J,), rad, finite.
        limits: The group's limits.

    Returns:
        Shape (J,), rad.
    """
    usable = np.where(np.isfinite(position), position, fallback)
    return np.clip(usable, limits.lower_rad, limits.upper_rad)
