"""How a controller is set up and what it reports."""

from __future__ import annotations

from dataclasses import dataclass

from dexora_core.trajectory_execution.hardware import FloatArray, JointSample
from dexora_core.trajectory_execution.motion import SetPoint


@dataclass(frozen=True)
class ExecutionSettings:
    """Settings of one controller, named as joint_trajectory_controller's parameters.

    Attributes:
        allow_partial_joints_goal: Whether a trajectory may name some of the joints only.
        path_tolerance_rad: Default bound while moving [rad], 0 for none.
        goal_tolerance_rad: Default bound at the end [rad], 0 for none.
        stopped_velocity_tolerance_rad_s: Velocity at the end that counts as stopped [rad/s], 0 for none.
        goal_time_s: How long after the end a goal may still be reached [s], 0 for ever.
        stop_budget_s: Longest stop after the end of a stream, a cancel or a violated tolerance [s]. The rest
            of the promised 150 ms belongs to the servo loop.
        max_start_delay_s: How far ahead a trajectory may start [s].
    """

    allow_partial_joints_goal: bool = False
    path_tolerance_rad: float = 0.0
    goal_tolerance_rad: float = 0.0
    stopped_velocity_tolerance_rad_s: float = 0.01
    goal_time_s: float = 0.0
    stop_budget_s: float = 0.13
    max_start_delay_s: float = 60.0


@dataclass(frozen=True)
class ControllerState:
    """What JointTrajectoryControllerState reports; arrays of shape (J,).

    Attributes:
        stamp_ns: When [ns].
        reference: What the trajectory asks for.
        feedback: What was measured.
        error_rad: Reference minus measured position [rad].
        error_rad_s: Reference minus measured velocity [rad/s].
        output: The set-point that went out, inside the limits.
    """

    stamp_ns: int
    reference: SetPoint
    feedback: JointSample
    error_rad: FloatArray
    error_rad_s: FloatArray
    output: SetPoint
