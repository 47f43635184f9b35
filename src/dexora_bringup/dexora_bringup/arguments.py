"""What the launch files share: declaring described arguments, and refusing those that contradict each other.

A launch file declares its arguments as a table of `Argument` and checks them in one `OpaqueFunction` before
anything starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

from dexora_description import UnknownRobotError, contract_path

TRUE_WORDS = ("true", "1", "yes", "on")
FALSE_WORDS = ("false", "0", "no", "off")
NAMESPACE_PATTERN = r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*"
CLOCK_TOPIC = "/clock"


class LaunchArgumentError(RuntimeError):
    """A launch argument has a value that cannot work; the text says which, why, and what to do."""


@dataclass(frozen=True)
class Argument:
    """One launch argument.

    Attributes:
        name: as typed in `name:=value`.
        default: text of the default value; an empty string means "not given".
        description: one sentence, with the unit where there is one.
        choices: allowed values, or None for free text.
    """

    name: str
    default: str
    description: str
    choices: tuple[str, ...] | None = None

    def declare(self) -> DeclareLaunchArgument:
        """The launch action that declares this argument."""
        return DeclareLaunchArgument(
            self.name, default_value=self.default, description=self.description, choices=self.choices
        )


ROBOT = Argument("robot", "dexora36", "Robot contract to load: a name in dexora_description/robots.")
NAMESPACE = Argument("namespace", "", "Prefix of every name, for a second robot; empty for none.")
COMMAND_PATH = Argument(
    "command_path",
    "true",
    "Start command_node, its watchdog and the preview, the only exit to the controllers; false leaves them "
    "to you.",
)
DRY_RUN = Argument(
    "dry_run", "false", "Let command_node do everything, but publish to the preview topics only."
)
POLICY = (
    Argument(
        "bundle",
        "",
        "Directory of the model bundle that token_encoder_node and policy_node run, or the name of a "
        "shipped one; empty for none, on the twin for the shipped one where it does the task.",
    ),
    Argument("engine", "onnx", "Engine that runs the bundle.", ("onnx", "tensorrt", "mock")),
    Argument(
        "instruction",
        "",
        "What the policy does as soon as it may; empty waits for the action RunPolicy, or, where it "
        "plays the twin's task, for the twin's words.",
    ),
)
POLICY_NAMES = tuple(argument.name for argument in POLICY)
LOG_LEVEL = Argument(
    "log_level", "info", "Severity from which nodes log.", ("debug", "info", "warn", "error")
)
CLOCK = Argument(
    "clock_topic",
    CLOCK_TOPIC,
    "Topic of the simulated time; the twin of a robot in a namespace publishes /<namespace>/clock.",
)


def include_robot(
    *,
    use_sim_time: bool,
    clock_topic: str = CLOCK_TOPIC,
    enable_node: str = "",
    image_size: tuple[str, str] = ("0", "0"),
    bundle: str | None = None,
    instruction: str | None = None,
) -> IncludeLaunchDescription:
    """Includes `robot.launch.py`, the graph that every world shares, with the arguments of the same name.

    Args:
        use_sim_time: Whether the world publishes its time.
        clock_topic: Where it does.
        enable_node: Node that has the enable line; empty where the topics are not a node's own.
        image_size: Width and height of the camera images [pixel]; 0 for the contract's.
        bundle: Directory of the bundle; None takes what was typed.
        instruction: What the policy does as soon as it may; None takes what was typed.
    """
    path = PathJoinSubstitution([FindPackageShare("dexora_bringup"), "launch", "robot.launch.py"])
    arguments: dict[str, LaunchConfiguration | str] = {
        name: LaunchConfiguration(name)
        for name in ("robot", "namespace", "command_path", "dry_run", "log_level", *POLICY_NAMES)
    }
    world = {
        "use_sim_time": str(use_sim_time).lower(),
        "clock_topic": clock_topic,
        "enable_node": enable_node,
        "image_width": image_size[0],
        "image_height": image_size[1],
    }
    chosen = {"bundle": bundle, "instruction": instruction}
    arguments |= {name: text for name, text in chosen.items() if text is not None}
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(path), launch_arguments=[*arguments.items(), *world.items()]
    )


def declare_all(arguments: Iterable[Argument]) -> list[DeclareLaunchArgument]:
    """Declares every argument of a table, in its order."""
    return [argument.declare() for argument in arguments]


def value(context: LaunchContext, name: str) -> str:
    """The text of an argument inside an `OpaqueFunction`."""
    return LaunchConfiguration(name).perform(context)


def namespace(context: LaunchContext) -> str:
    """The namespace inside an `OpaqueFunction`, without slashes around it; empty for none.

    Raises:
        LaunchArgumentError: no ROS name.
    """
    text = value(context, "namespace").strip("/")
    if text and not re.fullmatch(NAMESPACE_PATTERN, text, re.ASCII):
        raise LaunchArgumentError(
            f"namespace:={text!r} is not a ROS name; write letters, digits and underscores, not a digit first"
        )
    return text


def frame_prefix(context: LaunchContext) -> str:
    """What stands before every frame name of the robot in the namespace; empty for none."""
    name = namespace(context)
    return f"{name}/" if name else ""


def flag(context: LaunchContext, name: str) -> bool:
    """A yes/no argument inside an `OpaqueFunction`.

    Raises:
        LaunchArgumentError: the text is neither a yes nor a no.
    """
    text = value(context, name).strip().lower()
    if text in TRUE_WORDS:
        return True
    if text in FALSE_WORDS:
        return False
    raise LaunchArgumentError(
        f"{name}:={text!r} is neither true nor false; write {name}:=true or {name}:=false"
    )


def number(
    context: LaunchContext, name: str, lower: float, upper: float, unit: str = "", *, is_whole: bool = False
) -> float:
    """A number argument inside an `OpaqueFunction`, checked against its bounds.

    Raises:
        LaunchArgumentError: not a finite number, outside [lower, upper], or not whole where it must be.
    """
    text = value(context, name)
    bounds = f"[{lower:.10g}, {upper:.10g}] {unit}".rstrip()
    try:
        result = float(text)
    except ValueError:
        raise LaunchArgumentError(f"{name}:={text!r} is not a number; give one in {bounds}") from None
    if not lower <= result <= upper:  # also refuses NaN
        raise LaunchArgumentError(f"{name}:={text} is outside {bounds}")
    if is_whole and not re.fullmatch(r"\d+", text.strip()):
        raise LaunchArgumentError(f"{name}:={text} is not a whole number; give one in {bounds}")
    return result


def check_robot(context: LaunchContext) -> None:
    """Refuses a robot that has no contract, before a node is started for it.

    Raises:
        LaunchArgumentError: with the robots that there are.
    """
    try:
        contract_path(value(context, ROBOT.name))
    except UnknownRobotError as error:
        raise LaunchArgumentError(f"{ROBOT.name}:= names an {error}") from error


def refuse_if(condition: bool, message: str) -> None:
    """Refuses a combination of arguments.

    Raises:
        LaunchArgumentError: with the message, when the condition holds.
    """
    if condition:
        raise LaunchArgumentError(message)
