"""The robot on its MuJoCo twin: the shared graph, the twin, and on request a scripted expert.

A robot in a namespace has its own world, and so its own time on `/<namespace>/clock`.
"""

from dexora_bringup.arguments import (
    CLOCK_TOPIC,
    COMMAND_PATH,
    DRY_RUN,
    LOG_LEVEL,
    NAMESPACE,
    ROBOT,
    Argument,
    check_robot,
    declare_all,
    flag,
    frame_prefix,
    include_robot,
    namespace,
    number,
    refuse_if,
    value,
)
from dexora_bringup.transport import transport_actions
from launch import LaunchContext, LaunchDescription
from launch.actions import EmitEvent, GroupAction, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch_ros.actions import Node, PushRosNamespace

TASKS = ("none", "reach", "reach_either", "lift", "bimanual_lift", "open_bottle", "handover")
TASKS_WITH_EXPERT = tuple(task for task in TASKS if task not in ("none", "reach_either"))
ARGUMENTS = (
    ROBOT,
    NAMESPACE,
    Argument("task", "lift", "Task whose scene the twin shows; none is the robot alone.", TASKS),
    Argument("seed", "0", "Seed of the scene: where things are, what they weigh, how they look."),
    Argument("randomisation", "train", "How far the world varies with the seed.", ("off", "train", "ood")),
    Argument("expert", "false", "Let the scripted expert do the task through the ROS interfaces."),
    Argument(
        "episodes", "0", "Episodes that the expert plays before the launch ends; 0 plays on until stopped."
    ),
    Argument("image_width", "320", "Width of every camera image [pixel]; 0 takes the contract's."),
    Argument("image_height", "240", "Height of every camera image [pixel]; 0 takes the contract's."),
    Argument("camera_rate", "20.0", "Rate of every camera [Hz]; 0 renders nothing."),
    Argument(
        "realtime_factor", "1.0", "Speed of the world against the wall clock [1]; 0 is as fast as it goes."
    ),
    Argument(
        "fault",
        "",
        "Faults to inject: name[:target[:value]], joined by commas; see docs/how-to/add_a_fault.md.",
    ),
    Argument("fault_start", "3.0", "When those faults begin [s of simulated time]."),
    COMMAND_PATH,
    DRY_RUN,
    LOG_LEVEL,
)


def _check(context: LaunchContext) -> list:
    """Refuses arguments that cannot work together, before anything starts."""
    check_robot(context)
    task = value(context, "task")
    has_expert = flag(context, "expert")
    refuse_if(
        has_expert and task not in TASKS_WITH_EXPERT,
        f"expert:=true has no expert for task:={task}; choose one of {', '.join(TASKS_WITH_EXPERT)}",
    )
    refuse_if(
        number(context, "episodes", 0, 1_000_000, is_whole=True) > 0 and not has_expert,
        "episodes counts what the expert plays; add expert:=true, or leave episodes out",
    )
    refuse_if(
        has_expert and not flag(context, "command_path"),
        "the expert moves the robot through command_node; leave command_path:=false out, or give "
        "expert:=false",
    )
    number(context, "seed", 0, 2**31 - 1, is_whole=True)
    number(context, "image_width", 0, 1920, "pixel", is_whole=True)
    number(context, "image_height", 0, 1080, "pixel", is_whole=True)
    number(context, "camera_rate", 0, 60, "Hz")
    number(context, "realtime_factor", 0, 100)
    number(context, "fault_start", 0, 3600, "s")
    return []


def _clock_topic(context: LaunchContext) -> str:
    """Where this robot's world publishes its time: two worlds on one topic would throw each other's nodes."""
    name = namespace(context)
    return f"/{name}{CLOCK_TOPIC}" if name else CLOCK_TOPIC


def _twin(context: LaunchContext) -> Node:
    """The twin with the asked-for scene."""
    return Node(
        package="dexora_sim",
        executable="twin_node",
        name="twin_node",
        parameters=[
            {
                "robot": value(context, "robot"),
                "task": value(context, "task"),
                "seed": int(value(context, "seed")),
                "randomisation": value(context, "randomisation"),
                "image_width": int(value(context, "image_width")),
                "image_height": int(value(context, "image_height")),
                "camera_rate_hz": float(value(context, "camera_rate")),
                "realtime_factor": float(value(context, "realtime_factor")),
                "frame_prefix": frame_prefix(context),
                "fault": value(context, "fault"),
                "fault_start": float(value(context, "fault_start")),
                "autostart": True,
            }
        ],
        remappings=[(CLOCK_TOPIC, _clock_topic(context))],
        ros_arguments=["--log-level", value(context, "log_level")],
        output="screen",
    )


def _expert(context: LaunchContext) -> list:
    """The expert, and the end of the launch when it has played its episodes."""
    if not flag(context, "expert"):
        return []
    expert = Node(
        package="dexora_sim",
        executable="expert_node",
        name="expert_node",
        parameters=[
            {
                "robot": value(context, "robot"),
                "task": value(context, "task"),
                "randomisation": value(context, "randomisation"),
                "episodes": int(value(context, "episodes")),
                "use_sim_time": True,
                "autostart": True,
            }
        ],
        remappings=[(CLOCK_TOPIC, _clock_topic(context))],
        ros_arguments=["--log-level", value(context, "log_level")],
        output="screen",
    )
    return [expert, *_ends_with(expert, "the expert has ended")]


def _ends_with(node: Node, reason: str) -> list:
    """What ends the launch when a node has ended."""
    end = EmitEvent(event=Shutdown(reason=reason))
    return [RegisterEventHandler(OnProcessExit(target_action=node, on_exit=[end]))]


def _world(context: LaunchContext) -> list:
    """The shared graph on the twin's time; the twin and what drives it, in the robot's namespace."""
    twin = _twin(context)
    nodes = [twin, *_ends_with(twin, "the twin has ended"), *_expert(context)]
    return [
        include_robot(use_sim_time=True, clock_topic=_clock_topic(context), enable_node="twin_node"),
        GroupAction([PushRosNamespace(namespace(context)), *nodes]),
    ]


def generate_launch_description() -> LaunchDescription:
    """The launch description that `ros2 launch` asks for."""
    return LaunchDescription(
        [
            *declare_all(ARGUMENTS),
            *transport_actions(),
            OpaqueFunction(function=_check),
            OpaqueFunction(function=_world),
        ]
    )
