"""Executing joint trajectories: the rules of ros2_controllers' joint_trajectory_controller, without ROS.

A `TrajectoryExecutor` turns trajectories into one set-point per tick for one group of joints. It validates
and samples as joint_trajectory_controller does; where it is stricter, the docstring says so. Time is an
argument.
"""

from dexora_core.trajectory_execution.executor import TrajectoryExecutor
from dexora_core.trajectory_execution.group import GroupController
from dexora_core.trajectory_execution.hardware import JointGroupHardware, JointSample
from dexora_core.trajectory_execution.motion import FloatArray, SetPoint
from dexora_core.trajectory_execution.request import (
    ErrorCode,
    GoalResult,
    GoalTolerances,
    GroupLimits,
    PointRequest,
    Refusal,
    Tolerance,
    TrajectoryRequest,
)
from dexora_core.trajectory_execution.state import ControllerState, ExecutionSettings
from dexora_core.trajectory_execution.tolerances import StateTolerances
from dexora_core.trajectory_execution.validation import ValidationRules, validate

__all__ = [
    "ControllerState",
    "ErrorCode",
    "ExecutionSettings",
    "FloatArray",
    "GoalResult",
    "GoalTolerances",
    "GroupController",
    "GroupLimits",
    "JointGroupHardware",
    "JointSample",
    "PointRequest",
    "Refusal",
    "SetPoint",
    "StateTolerances",
    "Tolerance",
    "TrajectoryExecutor",
    "TrajectoryRequest",
    "ValidationRules",
    "validate",
]
