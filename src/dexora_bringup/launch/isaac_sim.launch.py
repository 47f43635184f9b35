"""The robot in Isaac Sim: the shared graph on simulated time, over the simulator's own ROS 2 bridge.

Not run with Isaac Sim, which needs a graphics card with ray tracing and a licence. The simulator must publish
`/clock`, `/joint_states` and the contract's camera topics.
"""

from dexora_bringup.arguments import (
    COMMAND_PATH,
    DRY_RUN,
    LOG_LEVEL,
    NAMESPACE,
    POLICY,
    ROBOT,
    declare_all,
    include_robot,
)
from dexora_bringup.transport import transport_actions
from launch import LaunchDescription
from launch.actions import LogInfo

ARGUMENTS = (ROBOT, NAMESPACE, COMMAND_PATH, DRY_RUN, *POLICY, LOG_LEVEL)


def generate_launch_description() -> LaunchDescription:
    """The launch description that `ros2 launch` asks for."""
    expects = "Expecting /clock, joint states and camera images from Isaac Sim's ROS 2 bridge."
    return LaunchDescription(
        [
            *declare_all(ARGUMENTS),
            *transport_actions(),
            LogInfo(msg=expects),
            include_robot(use_sim_time=True),
        ]
    )
