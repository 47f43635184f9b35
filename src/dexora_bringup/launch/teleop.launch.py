"""Teleoperation: the shared graph over the robot's world, for a person to drive.

No teleoperation device is in the suite yet, so this starts the robot's side only: frames and description,
over a world started beside it.
"""

from dexora_bringup.arguments import (
    CLOCK,
    COMMAND_PATH,
    DRY_RUN,
    LOG_LEVEL,
    NAMESPACE,
    POLICY,
    ROBOT,
    Argument,
    declare_all,
    flag,
    include_robot,
    value,
)
from dexora_bringup.transport import transport_actions
from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction

ARGUMENTS = (
    ROBOT,
    NAMESPACE,
    Argument("use_sim_time", "false", "Take the time from /clock: true over the twin or Isaac Sim."),
    CLOCK,
    COMMAND_PATH,
    DRY_RUN,
    *POLICY,
    LOG_LEVEL,
)


def _robot(context: LaunchContext) -> list:
    """The shared graph on the asked-for clock."""
    return [
        include_robot(use_sim_time=flag(context, "use_sim_time"), clock_topic=value(context, "clock_topic"))
    ]


def generate_launch_description() -> LaunchDescription:
    """The launch description that `ros2 launch` asks for."""
    return LaunchDescription([*declare_all(ARGUMENTS), *transport_actions(), OpaqueFunction(function=_robot)])
