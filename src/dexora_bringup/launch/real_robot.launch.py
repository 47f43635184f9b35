"""The real robot: the shared graph over controllers that a hardware driver offers.

Not run on hardware. The drivers of the suite are not written yet, so `driver:=ros2_control` is the only
choice: it starts nothing of its own and expects a ros2_control bring-up, started by the vendor's launch file,
to offer the four `joint_trajectory_controller`s that the contract names. The cameras are started here.
"""

from dexora_bringup.arguments import (
    COMMAND_PATH,
    DRY_RUN,
    LOG_LEVEL,
    NAMESPACE,
    POLICY,
    ROBOT,
    Argument,
    declare_all,
    include_robot,
    namespace,
)
from dexora_bringup.cameras import CAMERAS, camera_nodes
from dexora_bringup.transport import transport_actions
from launch import LaunchContext, LaunchDescription
from launch.actions import GroupAction, LogInfo, OpaqueFunction
from launch_ros.actions import PushRosNamespace

ARGUMENTS = (
    ROBOT,
    NAMESPACE,
    Argument(
        "driver",
        "ros2_control",
        "Who drives the hardware; started by you, before this file.",
        ("ros2_control",),
    ),
    CAMERAS,
    COMMAND_PATH,
    DRY_RUN,
    *POLICY,
    LOG_LEVEL,
)


def _cameras(context: LaunchContext) -> list:
    """The cameras, in the robot's namespace."""
    return [GroupAction([PushRosNamespace(namespace(context)), *camera_nodes(context)])]


def generate_launch_description() -> LaunchDescription:
    """The launch description that `ros2 launch` asks for."""
    expects = "Expecting joint states and the four trajectory controllers from your ros2_control bring-up."
    return LaunchDescription(
        [
            *declare_all(ARGUMENTS),
            *transport_actions(),
            LogInfo(msg=expects),
            OpaqueFunction(function=_cameras),
            include_robot(use_sim_time=False),
        ]
    )
