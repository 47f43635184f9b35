"""The graph that every world shares: the robot's frames and, as the suite grows, its policy and command path.

Not meant to be started alone: `mujoco.launch.py`, `real_robot.launch.py` and `isaac_sim.launch.py` include it
and add a world, that is, something that publishes joint states and offers the four trajectory controllers.
"""

from dexora_bringup.arguments import (
    CLOCK,
    CLOCK_TOPIC,
    LOG_LEVEL,
    NAMESPACE,
    ROBOT,
    Argument,
    check_robot,
    declare_all,
    flag,
    frame_prefix,
    namespace,
    value,
)
from dexora_bringup.transport import transport_actions
from launch import LaunchContext, LaunchDescription
from launch.actions import GroupAction, OpaqueFunction
from launch_ros.actions import Node, PushRosNamespace

ARGUMENTS = (
    ROBOT,
    NAMESPACE,
    Argument("use_sim_time", "false", "Take the time from /clock (true in simulation)."),
    CLOCK,
    LOG_LEVEL,
)


def _nodes(context: LaunchContext) -> list:
    """The nodes that every world needs."""
    check_robot(context)
    nodes = [
        Node(
            package="dexora_control",
            executable="robot_state_node",
            name="robot_state_node",
            parameters=[
                {
                    "robot": value(context, "robot"),
                    "frame_prefix": frame_prefix(context),
                    "use_sim_time": flag(context, "use_sim_time"),
                    "autostart": True,
                }
            ],
            remappings=[(CLOCK_TOPIC, value(context, "clock_topic"))],
            ros_arguments=["--log-level", value(context, "log_level")],
            output="screen",
        ),
    ]
    # A group, because what an included file pushes would go on in the file that includes it.
    return [GroupAction([PushRosNamespace(namespace(context)), *nodes])]


def generate_launch_description() -> LaunchDescription:
    """The launch description that `ros2 launch` asks for."""
    return LaunchDescription([*declare_all(ARGUMENTS), *transport_actions(), OpaqueFunction(function=_nodes)])
