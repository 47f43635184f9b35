"""The graph that every world shares: the robot's frames and, as the suite grows, its policy and command path.

Not meant to be started alone: `mujoco.launch.py`, `real_robot.launch.py` and `isaac_sim.launch.py` include it
and add a world, that is, something that publishes joint states and offers the four trajectory controllers.
"""

from pathlib import Path

from dexora_bringup.arguments import (
    CLOCK,
    CLOCK_TOPIC,
    COMMAND_PATH,
    DRY_RUN,
    LOG_LEVEL,
    NAMESPACE,
    POLICY,
    ROBOT,
    Argument,
    check_robot,
    declare_all,
    flag,
    frame_prefix,
    namespace,
    refuse_if,
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
    Argument("image_width", "0", "Width of every camera image [pixel]; 0 takes the contract's."),
    Argument("image_height", "0", "Height of every camera image [pixel]; 0 takes the contract's."),
    Argument("enable_node", "", "Node that has the enable line; empty for topics in the robot's namespace."),
    COMMAND_PATH,
    DRY_RUN,
    *POLICY,
    LOG_LEVEL,
)


# A simulation may stand still for longer than a robot may: it is paused, or the machine is slow. Nothing
# moves meanwhile, and a demonstration that wants a reset after every hiccup would teach the wrong thing.
SIMULATED_COMMAND = {"clock_stall_s": 5.0, "clearance_bound_s": 1.0, "watchdog_bound_s": 0.5}
SIMULATED_WATCHDOG = {"joint_states_bound_s": 5.0, "command_bound_s": 1.0}
# A simulation draws a resting world equal again and again: pictures are frozen only when the arms move.
SIMULATED_FROZEN_MOTION_RAD = 0.1


def _node(
    context: LaunchContext,
    name: str,
    parameters: dict,
    remappings: tuple = (),
    package: str = "dexora_control",
) -> Node:
    """A node with what all of them share."""
    shared = {"use_sim_time": flag(context, "use_sim_time"), "autostart": True}
    return Node(
        package=package,
        executable=name,
        name=name,
        parameters=[{**shared, **parameters}],
        remappings=[(CLOCK_TOPIC, value(context, "clock_topic")), *remappings],
        ros_arguments=["--log-level", value(context, "log_level")],
        output="screen",
    )


def _command_path(context: LaunchContext) -> list[Node]:
    """The only exit to the controllers, its watcher from outside, its collision check, and the picture."""
    if not flag(context, "command_path"):
        return []
    owner = value(context, "enable_node")
    enable_line = ("enable_state", "set_enable") if owner else ()
    remappings = tuple((name, f"{owner}/{name}") for name in enable_line)
    is_simulated = _is_simulated(context)
    robot = {"robot": value(context, "robot")}
    command = {**robot, "dry_run": flag(context, "dry_run")}
    if is_simulated:
        command |= SIMULATED_COMMAND
    watchdog = SIMULATED_WATCHDOG if is_simulated else {}
    return [
        _node(context, "command_node", command, remappings),
        _node(context, "watchdog_node", watchdog, remappings),
        _node(context, "clearance_node", robot),
        _node(context, "preview_node", {**robot, "frame_prefix": frame_prefix(context)}),
    ]


def _policy(context: LaunchContext) -> list[Node]:
    """Who sees and who decides: the bundle's encoder and its policy."""
    bundle = value(context, "bundle")
    refuse_if(
        bool(value(context, "instruction")) and not bundle,
        "instruction:=... is for a policy; add bundle:=DIRECTORY, or leave instruction out",
    )
    if not bundle:
        return []
    refuse_if(
        not flag(context, "command_path"),
        "a policy moves the robot through command_node; leave command_path:=false out, or bundle",
    )
    shared = {
        "robot": value(context, "robot"),
        "bundle": str(Path(bundle).expanduser().absolute()),
        "engine": value(context, "engine"),
    }
    seen = {**shared, "frozen_motion_rad": SIMULATED_FROZEN_MOTION_RAD if _is_simulated(context) else 0.0}
    seen |= {name: int(value(context, name)) for name in ("image_width", "image_height")}
    policy = {**shared, "instruction": value(context, "instruction")}
    return [
        _node(context, "token_encoder_node", seen, package="dexora_perception"),
        _node(context, "policy_node", policy, package="dexora_policy"),
    ]


def _is_simulated(context: LaunchContext) -> bool:
    return flag(context, "use_sim_time")


def _nodes(context: LaunchContext) -> list:
    """The nodes that every world needs."""
    check_robot(context)
    refuse_if(
        flag(context, "dry_run") and not flag(context, "command_path"),
        "dry_run:=true is about command_node; leave command_path:=false out, or dry_run",
    )
    frames = {"robot": value(context, "robot"), "frame_prefix": frame_prefix(context)}
    nodes = [_node(context, "robot_state_node", frames), *_command_path(context), *_policy(context)]
    # A group, because what an included file pushes would go on in the file that includes it.
    return [GroupAction([PushRosNamespace(namespace(context)), *nodes])]


def generate_launch_description() -> LaunchDescription:
    """The launch description that `ros2 launch` asks for."""
    return LaunchDescription([*declare_all(ARGUMENTS), *transport_actions(), OpaqueFunction(function=_nodes)])
