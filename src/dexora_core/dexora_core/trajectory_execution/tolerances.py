"""How far a joint may be from its set-point, while moving and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexora_core.trajectory_execution.hardware import BoolArray, FloatArray
from dexora_core.trajectory_execution.request import ErrorCode, GoalTolerances, Refusal, Tolerance

_ERASE = -1.0


@dataclass(frozen=True)
class StateTolerances:
    """Bounds per joint; 0 means no bound.

    Attributes:
        position: Shape (J,), rad.
        velocity: Shape (J,), rad/s.
    """

    position: FloatArray
    velocity: FloatArray

    @classmethod
    def uniform(cls, joints: int, position_rad: float = 0.0, velocity_rad_s: float = 0.0) -> StateTolerances:
        """Return the same bounds for all joints.

        Args:
            joints: Number of joints J.
            position_rad: Position bound [rad], 0 for none.
            velocity_rad_s: Velocity bound [rad/s], 0 for none.
        """
        return cls(np.full(joints, position_rad), np.full(joints, velocity_rad_s))

    def violated(self, position_error: FloatArray, velocity_error: FloatArray) -> BoolArray:
        """Tell which joints are outside; an error that is not a number is.

        Args:
            position_error: Shape (J,), rad.
            velocity_error: Shape (J,), rad/s.

        Returns:
            Booleans, shape (J,).
        """
        outside: BoolArray = ((self.position > 0) & ~(np.abs(position_error) <= self.position)) | (
            (self.velocity > 0) & ~(np.abs(velocity_error) <= self.velocity)
        )
        return outside


@dataclass(frozen=True)
class SegmentTolerances:
    """All bounds of one goal.

    Attributes:
        path: While moving.
        goal: At the end.
        goal_time_s: How long after the end the goal may still be reached [s]; 0 means for ever.
    """

    path: StateTolerances
    goal: StateTolerances
    goal_time_s: float


def resolve(
    asked: GoalTolerances, default: SegmentTolerances, joint_names: Sequence[str]
) -> SegmentTolerances | Refusal:
    """Combine the bounds of a goal with the controller's.

    A malformed bound refuses the goal; joint_trajectory_controller would fall back to its defaults.

    Args:
        asked: What came with the goal.
        default: The controller's own bounds.
        joint_names: The controller's joints.

    Returns:
        The bounds in force, or the refusal.
    """
    for kind, entries in (("path", asked.path), ("goal", asked.goal)):
        for entry in entries:
            if entry.name not in joint_names:
                return Refusal(
                    ErrorCode.INVALID_JOINTS,
                    f"{kind} tolerance names unknown joint {entry.name!r}; expected {', '.join(joint_names)}",
                )
            for value in (entry.position, entry.velocity, entry.acceleration):
                if not _is_legal(value):
                    return _illegal(f"{kind} tolerance of {entry.name}", value)
    if not _is_legal(asked.goal_time_s):
        return _illegal("goal_time_tolerance", asked.goal_time_s)
    return SegmentTolerances(
        _override(default.path, asked.path, joint_names),
        _override(default.goal, asked.goal, joint_names),
        _pick(default.goal_time_s, asked.goal_time_s),
    )


def _override(
    default: StateTolerances, entries: Sequence[Tolerance], names: Sequence[str]
) -> StateTolerances:
    position, velocity = default.position.copy(), default.velocity.copy()
    for entry in entries:
        joint = list(names).index(entry.name)
        position[joint] = _pick(position[joint], entry.position)
        velocity[joint] = _pick(velocity[joint], entry.velocity)
    return StateTolerances(position, velocity)


def _pick(default: float, asked: float) -> float:
    if asked == _ERASE:
        return 0.0
    return asked if asked > 0.0 else float(default)


def _is_legal(value: float) -> bool:
    return bool(np.isfinite(value)) and (value >= 0.0 or value == _ERASE)


def _illegal(what: str, value: float) -> Refusal:
    return Refusal(
        ErrorCode.INVALID_GOAL, f"{what} is {value}; give a positive bound, 0 for the default or -1 for none"
    )
