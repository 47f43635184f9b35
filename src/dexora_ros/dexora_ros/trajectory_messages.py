"""Between trajectory messages and the values of `dexora_core.trajectory_execution`."""

from __future__ import annotations

from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTrajectoryControllerState
from dexora_core.trajectory_execution import (
    ControllerState,
    FloatArray,
    GoalTolerances,
    PointRequest,
    Tolerance,
    TrajectoryRequest,
)
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from .stamps import duration_from_ns, set_stamp, to_ns


def to_request(message: JointTrajectory) -> TrajectoryRequest:
    """Return a trajectory message as a request; nothing is checked.

    Args:
        message: What came in.
    """
    points = [
        PointRequest(
            to_ns(point.time_from_start),
            point.positions,
            point.velocities,
            point.accelerations,
            point.effort,
        )
        for point in message.points
    ]
    return TrajectoryRequest(tuple(message.joint_names), points, to_ns(message.header.stamp))


def fill_single_point(
    message: JointTrajectory, positions: FloatArray, stamp_ns: int, time_from_start_ns: int
) -> JointTrajectory:
    """Write a trajectory of one point, positions only, into a message whose joint names are set.

    Args:
        message: The message to reuse.
        positions: Shape (J,), rad.
        stamp_ns: Start [ns].
        time_from_start_ns: When the positions are due, counted from the start [ns].

    Returns:
        The message.
    """
    set_stamp(message.header.stamp, stamp_ns)
    point = message.points[0] if message.points else JointTrajectoryPoint()
    point.positions = positions.tolist()
    point.time_from_start = duration_from_ns(time_from_start_ns)
    message.points = [point]
    return message


def to_tolerances(goal: FollowJointTrajectory.Goal) -> GoalTolerances:
    """Return the tolerances of an action goal; nothing is checked.

    Args:
        goal: What came in.
    """
    path, at_goal = (
        [Tolerance(bound.name, bound.position, bound.velocity, bound.acceleration) for bound in bounds]
        for bounds in (goal.path_tolerance, goal.goal_tolerance)
    )
    return GoalTolerances(path, at_goal, to_ns(goal.goal_time_tolerance) / 1e9)


def fill_state(message: JointTrajectoryControllerState, state: ControllerState) -> None:
    """Write a controller's state into a message whose joint names are set.

    Args:
        message: The message to reuse.
        state: What to report.
    """
    set_stamp(message.header.stamp, state.stamp_ns)
    reference, output = state.reference, state.output
    _fill(message.reference, reference.position, reference.velocity, reference.acceleration)
    _fill(message.feedback, state.feedback.position, state.feedback.velocity)
    _fill(message.error, state.error_rad, state.error_rad_s)
    _fill(message.output, output.position, output.velocity, output.acceleration)


def fill_feedback(message: FollowJointTrajectory.Feedback, state: ControllerState) -> None:
    """Write a controller's state into an action's feedback whose joint names are set.

    Args:
        message: The message to reuse.
        state: What to report.
    """
    set_stamp(message.header.stamp, state.stamp_ns)
    reference = state.reference
    _fill(message.desired, reference.position, reference.velocity, reference.acceleration)
    _fill(message.actual, state.feedback.position, state.feedback.velocity)
    _fill(message.error, state.error_rad, state.error_rad_s)


def _fill(
    point: JointTrajectoryPoint,
    position: FloatArray,
    velocity: FloatArray,
    acceleration: FloatArray | None = None,
) -> None:
    point.positions = position.tolist()
    point.velocities = velocity.tolist()
    if acceleration is not None:
        point.accelerations = acceleration.tolist()
