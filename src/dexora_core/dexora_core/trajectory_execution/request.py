"""The values that come in and go out: requested trajectories, tolerances, refusals and results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from dexora_core.contract import RobotContract
from dexora_core.trajectory_execution.hardware import FloatArray


class ErrorCode(IntEnum):
    """Result codes of control_msgs/action/FollowJointTrajectory."""

    SUCCESSFUL = 0
    INVALID_GOAL = -1
    INVALID_JOINTS = -2
    OLD_HEADER_TIMESTAMP = -3
    PATH_TOLERANCE_VIOLATED = -4
    GOAL_TOLERANCE_VIOLATED = -5


@dataclass(frozen=True)
class PointRequest:
    """One point as it came in, in the order of the request's joint names.

    Attributes:
        time_from_start_ns: When it is due, counted from the trajectory's start [ns].
        positions: rad, one per joint.
        velocities: rad/s, one per joint or empty.
        accelerations: rad/s^2, one per joint or empty.
        effort: Must be empty: this controller commands positions.
    """

    time_from_start_ns: int
    positions: Sequence[float]
    velocities: Sequence[float] = ()
    accelerations: Sequence[float] = ()
    effort: Sequence[float] = ()


@dataclass(frozen=True)
class TrajectoryRequest:
    """A trajectory as it came in, nothing checked.

    Attributes:
        joint_names: Order of the numbers in every point.
        points: The points.
        stamp_ns: Start time [ns]; 0 means now.
    """

    joint_names: Sequence[str]
    points: Sequence[PointRequest]
    stamp_ns: int = 0


@dataclass(frozen=True)
class Tolerance:
    """Tolerance of one joint in a goal: 0 keeps the controller's default, -1 removes the bound.

    Attributes:
        name: Joint.
        position: rad.
        velocity: rad/s.
        acceleration: rad/s^2; checked nowhere, since no sample carries an acceleration.
    """

    name: str
    position: float = 0.0
    velocity: float = 0.0
    acceleration: float = 0.0


@dataclass(frozen=True)
class GoalTolerances:
    """Tolerances that came with an action goal.

    Attributes:
        path: Bounds while moving.
        goal: Bounds at the end.
        goal_time_s: How long after the end the goal may still be reached [s]; 0 default, -1 no bound.
    """

    path: Sequence[Tolerance] = ()
    goal: Sequence[Tolerance] = ()
    goal_time_s: float = 0.0


@dataclass(frozen=True)
class Refusal:
    """Why a request is not executed; nothing moves because of it.

    Attributes:
        code: Result code of the action.
        reason: One sentence: what is wrong, the value, the bound.
    """

    code: ErrorCode
    reason: str


@dataclass(frozen=True)
class GoalResult:
    """How a goal ended.

    Attributes:
        goal: The caller's handle, as given to `accept`.
        code: Result code of the action.
        reason: One sentence.
        is_cancelled: Whether the client asked for the end.
    """

    goal: object
    code: ErrorCode
    reason: str
    is_cancelled: bool = False


@dataclass(frozen=True)
class GroupLimits:
    """Names and limits of one group's joints; every array has shape (J,).

    Attributes:
        joint_names: Order of all arrays.
        lower_rad: Lower position limits.
        upper_rad: Upper position limits.
        max_velocity_rad_s: Velocity limits.
        max_acceleration_rad_s2: Acceleration limits.
        max_jerk_rad_s3: Jerk limits.
    """

    joint_names: tuple[str, ...]
    lower_rad: FloatArray
    upper_rad: FloatArray
    max_velocity_rad_s: FloatArray
    max_acceleration_rad_s2: FloatArray
    max_jerk_rad_s3: FloatArray

    @classmethod
    def of_group(cls, contract: RobotContract, group: str) -> GroupLimits:
        """Return the limits of one group of a contract.

        Args:
            contract: The robot.
            group: Name of the group.

        Raises:
            ContractError: The robot has no such group.
        """
        index = contract.group_indices(group)
        return cls(
            contract.group_joints(group),
            contract.lower_rad[index],
            contract.upper_rad[index],
            contract.max_velocity_rad_s[index],
            contract.max_acceleration_rad_s2[index],
            contract.max_jerk_rad_s3[index],
        )
