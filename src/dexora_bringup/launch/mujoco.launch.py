"""The robot on its MuJoCo twin: the shared graph, the twin, and who plays its task, a policy or an expert.

A robot in a namespace has its own world, and so its own time on `/<namespace>/clock`.
"""

from dexora_bringup.arguments import (
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
    include_robot,
    namespace,
    number,
    refuse_if,
    value,
)
from dexora_bringup.players import (
    PLAYERS,
    bundle_of,
    check_players,
    first_seed,
    has_expert,
    has_player,
    has_source,
)
from dexora_bringup.transport import transport_actions
from launch import LaunchContext, LaunchDescription
from launch.actions import EmitEvent, GroupAction, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch_ros.actions import Node, PushRosNamespace

PROCESS_FAULTS = tuple(
    f"{victim}_{blow}" for victim in ("policy", "command", "watchdog") for blow in ("killed", "stalled")
)
PICTURE_WAIT_S = 0.03
"""A policy on a machine that draws slowly sees a slower world, not an older one."""
ARGUMENTS = (
    ROBOT,
    NAMESPACE,
    *PLAYERS,
    Argument("randomisation", "train", "How far the world varies with the seed.", ("off", "train", "ood")),
    Argument("image_width", "320", "Width of every camera image [pixel]; 0 takes the contract's."),
    Argument("image_height", "240", "Height of every camera image [pixel]; 0 takes the contract's."),
    Argument("camera_rate", "20.0", "Rate of every camera [Hz]; 0 renders nothing."),
    Argument(
        "realtime_factor", "1.0", "Speed of the world against the wall clock [1]; 0 is as fast as it goes."
    ),
    Argument(
        "fault",
        "",
        "Faults to inject: name[:target[:value]], joined by commas; one may be a process's, such as "
        "policy_killed. See docs/how-to/watch_a_fault.md.",
    ),
    Argument(
        "fault_start",
        "3.0",
        "When those faults begin [s of simulated time]; a process's fault counts from the first motion.",
    ),
    COMMAND_PATH,
    DRY_RUN,
    *POLICY,
    LOG_LEVEL,
)


class LaunchFailedError(RuntimeError):
    """What the launch was for did not happen; it ends with code 1."""


def _check(context: LaunchContext) -> list:
    """Refuses arguments that cannot work together, before anything starts."""
    check_robot(context)
    number(context, "image_width", 0, 1920, "pixel", is_whole=True)
    number(context, "image_height", 0, 1080, "pixel", is_whole=True)
    number(context, "camera_rate", 0, 60, "Hz")
    number(context, "realtime_factor", 0, 100)
    check_players(context)
    _check_fault(context)
    return []


def _check_fault(context: LaunchContext) -> None:
    """Refuses what a process's fault cannot hit."""
    number(context, "fault_start", 0, 3600, "s")
    _, blows = _faults(context)
    refuse_if(len(blows) > 1, f"fault:={','.join(blows)} hits several processes; give one of them")
    refuse_if(
        bool(blows) and blows[0] not in PROCESS_FAULTS,
        f"fault:={','.join(blows)} names no process's fault; there are {', '.join(PROCESS_FAULTS)}",
    )
    refuse_if(
        bool(blows) and not flag(context, "command_path"),
        f"fault:={','.join(blows)} is about the command path; leave command_path:=false out",
    )
    refuse_if(
        any(name.startswith("policy") for name in blows) and not has_source(context),
        f"fault:={','.join(blows)} hits who publishes chunks, and nobody does here; leave expert:=false and "
        "tasks without an expert out, or give a bundle",
    )


def _faults(context: LaunchContext) -> tuple[list[str], list[str]]:
    """Return the faults of the twin and those of processes."""
    texts = [text.strip() for text in value(context, "fault").split(",") if text.strip()]
    blows = [text for text in texts if text.endswith(("_killed", "_stalled"))]
    return [text for text in texts if text not in blows], blows


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
                "seed": first_seed(context),
                "randomisation": value(context, "randomisation"),
                "image_width": int(value(context, "image_width")),
                "image_height": int(value(context, "image_height")),
                "camera_rate_hz": float(value(context, "camera_rate")),
                "realtime_factor": float(value(context, "realtime_factor")),
                "picture_wait_s": PICTURE_WAIT_S if bundle_of(context) else 0.0,
                "frame_prefix": frame_prefix(context),
                "fault": ",".join(_faults(context)[0]),
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
    if not has_expert(context):
        return []
    parameters = {
        "task": value(context, "task"),
        "randomisation": value(context, "randomisation"),
        "episodes": int(value(context, "episodes")),
    }
    expert = _beside_the_twin(context, "expert_node", parameters)
    return [expert, *_ends_with(expert, "the expert has ended", may_be_killed=True)]


def _player(context: LaunchContext) -> list:
    """Who tells the policy what to do and judges it; the end of the launch when all episodes are played."""
    if not has_player(context):
        return []
    parameters = {
        "instruction": value(context, "instruction"),
        "time_limit": float(value(context, "time_limit")),
        "episodes": int(value(context, "episodes")),
        "results": value(context, "results"),
        "use_sim_time": False,  # joint states tell it the time
    }
    player = _beside_the_twin(context, "policy_player_node", parameters)

    def end(event: ProcessExited, _context: LaunchContext) -> list:
        if event.returncode > 0:
            raise LaunchFailedError("the policy did not do every episode; the lines above say which and why")
        return [EmitEvent(event=Shutdown(reason="the policy has played its episodes"))]

    return [player, RegisterEventHandler(OnProcessExit(target_action=player, on_exit=end))]


def _process_fault(context: LaunchContext) -> list:
    """Who kills a process and tells the story; with episodes to play, the launch ends with the story."""
    blows = _faults(context)[1]
    if not blows:
        return []
    parameters = {
        "fault": blows[0],
        "fault_start": float(value(context, "fault_start")),
        "waits_for_motion": has_source(context),
        "ends": int(value(context, "episodes")) > 0,
        "restart": "" if namespace(context) else _restart(context),
    }
    storyteller = _beside_the_twin(context, "process_fault_node", parameters)
    return [storyteller, *_ends_with(storyteller, "the story of the fault is told")]


def _restart(context: LaunchContext) -> str:
    """The command that starts again who sends chunks; empty when nobody does."""
    ros = "--ros-args -p autostart:=true -p use_sim_time:=true"
    if has_expert(context):
        return f"ros2 run dexora_sim expert_node {ros} -p task:={value(context, 'task')}"
    bundle = bundle_of(context)
    engine = value(context, "engine")
    return (
        f"ros2 run dexora_policy policy_node {ros} -p bundle:={bundle} -p engine:={engine}" if bundle else ""
    )


def _beside_the_twin(context: LaunchContext, name: str, parameters: dict) -> Node:
    """A node of `dexora_sim` that lives on the twin's time."""
    shared = {"robot": value(context, "robot"), "use_sim_time": True, "autostart": True}
    return Node(
        package="dexora_sim",
        executable=name,
        name=name,
        parameters=[{**shared, **parameters}],
        remappings=[(CLOCK_TOPIC, _clock_topic(context))],
        ros_arguments=["--log-level", value(context, "log_level")],
        output="screen",
    )


def _ends_with(node: Node, reason: str, *, may_be_killed: bool = False) -> list:
    """What ends the launch when a node has ended; one that may be killed is a fault to be watched."""

    def end(event: ProcessExited, _context: LaunchContext) -> list:
        is_killed = may_be_killed and event.returncode < 0
        return [] if is_killed else [EmitEvent(event=Shutdown(reason=reason))]

    return [RegisterEventHandler(OnProcessExit(target_action=node, on_exit=end))]


def _ends_without(*names: str) -> RegisterEventHandler:
    """Ends the launch when a node refuses to start, which it explains: nothing would ever move."""

    def end(event: ProcessExited, context: LaunchContext) -> None:
        refusing = [name for name in names if event.process_name.startswith(name) and event.returncode > 0]
        if refusing and not context.is_shutdown:
            raise LaunchFailedError(f"{refusing[0]} did not start; its lines above say why")

    return RegisterEventHandler(OnProcessExit(on_exit=end))


def _world(context: LaunchContext) -> list:
    """The shared graph on the twin's time; the twin and what drives it, in the robot's namespace."""
    twin = _twin(context)
    players = [*_expert(context), *_player(context)]
    nodes = [twin, *_ends_with(twin, "the twin has ended"), *players, *_process_fault(context)]
    is_played = has_player(context)
    policy = ("policy_node", "token_encoder_node") if is_played else ()
    return [
        _ends_without("command_node", *policy),
        include_robot(
            use_sim_time=True,
            clock_topic=_clock_topic(context),
            enable_node="twin_node",
            image_size=(value(context, "image_width"), value(context, "image_height")),
            bundle=bundle_of(context),
            instruction="" if is_played else value(context, "instruction"),
        ),
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
