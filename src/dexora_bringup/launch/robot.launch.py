"""The graph that every world shares: the robot's frames and, as the suite grows, its policy and command path.

Not meant to be started alone: `mujoco.launch.py`, `real_robot.launch.py` and `isaac_sim.launch.py` include it
and add a world, that is, something that publishes joint states and offers the four trajectory controllers.
"""

from dexora_bringup.arguments import LOG_LEVEL, NAMESPACE, ROBOT, Argument, declare_all, flag, value
from dexora_bringup.transport import transport_actions
from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch_ros.actions import Node, PushRosNamespace

ARGUMENTS = (
    ROBOT,
    NAMESPACE,
    Argument("use_sim_time", "false", "Take the time from /clock (true in simulation)."),
    LOG_LEVEL,
)


def _nodes(context: LaunchContext) -> list:
    """The nodes that every world needs."""
    namespace = value(context, "namespace")
    return [
        PushRosNamespace(namespace),
        Node(
            package="dexora_control",
            executable="robot_state_node",
            name="robot_state_node",
            parameters=[
                {
                    "robot": value(context, "robot"),
                    "frame_prefix": f"{namespace}/" if namespace else "",
                    "use_sim_time": flag(context, "use_sim_time"),
                    "autostart": True,
                }
            ],
            ros_arguments=["--log-level", value(context, "log_level")],
            output="screen",
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    """The launch description that `ros2 launch` asks for."""
    return LaunchDescription([*declare_all(ARGUMENTS), *transport_actions(), OpaqueFunction(function=_nodes)])
