"""Who plays the twin's task: the policy of a bundle, a scripted expert, or nobody."""

from __future__ import annotations

from pathlib import Path

from launch import LaunchContext
from launch_ros.substitutions import FindPackageShare

from dexora_bringup.arguments import Argument, flag, number, refuse_if, value
from dexora_bringup.bundles import default_bundle, find_bundle, shipped_bundles

TASKS_WITH_EXPERT = (
    "reach",
    "reach_either",
    "lift",
    "bimanual_lift",
    "open_bottle",
    "handover",
    "lift_variant",
)
TASKS = ("none", *TASKS_WITH_EXPERT)
TRAINING_SEED, EVALUATION_SEED = 0, 1_000_000
"""First scene of an expert, and of a policy: no training saw a scene from there on."""

PLAYERS = (
    Argument(
        "task",
        "lift",
        "Task whose scene the twin shows; none is the robot alone. One per launch: a scene is built once.",
        TASKS,
    ),
    Argument(
        "expert",
        "",
        "Let the scripted expert do the task, through command_node as a policy would; empty: where it can "
        "and no policy does.",
    ),
    Argument(
        "play",
        "true",
        "Tell the policy the twin's instruction, judge what it does, and go on with the next scene; false "
        "leaves it to RunPolicy.",
    ),
    Argument(
        "episodes",
        "0",
        "Episodes that the policy or the expert plays before the launch ends; 0 plays on until stopped. With "
        "a policy the exit code is 1 when not every one succeeded.",
    ),
    Argument(
        "time_limit",
        "0",
        "Time after which an episode of the policy has failed [s of simulated time]; 0 takes the task's own.",
    ),
    Argument(
        "results",
        "",
        "File in which the results of the policy's episodes are written as JSON; empty for none.",
    ),
    Argument(
        "seed",
        "",
        "Seed of the first scene: where things are, what they weigh, how they look; every episode takes the "
        f"next. Empty: {TRAINING_SEED}, and {EVALUATION_SEED} with a policy, which training never saw.",
    ),
)


def bundle_of(context: LaunchContext) -> str:
    """Return the directory of the bundle that plays: the one asked for, or the shipped one where it can.

    Raises:
        LaunchArgumentError: What was asked for is not there.
    """
    shipped = shipped_bundles(Path(FindPackageShare("dexora_bringup").perform(context)))
    if value(context, "bundle"):
        return find_bundle(value(context, "bundle"), shipped)
    is_free = not value(context, "expert") and flag(context, "command_path")
    if not is_free or float(value(context, "camera_rate")) == 0.0:
        return ""
    return default_bundle(value(context, "robot"), value(context, "task"), shipped)


def has_expert(context: LaunchContext) -> bool:
    """Whether the expert plays: as asked for, or where it can and no policy does."""
    if value(context, "expert"):
        return flag(context, "expert")
    is_free = flag(context, "command_path") and not bundle_of(context)
    return value(context, "task") in TASKS_WITH_EXPERT and is_free


def has_player(context: LaunchContext) -> bool:
    """Whether a policy plays episodes, judged by the twin."""
    return bool(bundle_of(context)) and value(context, "task") != "none" and flag(context, "play")


def has_source(context: LaunchContext) -> bool:
    """Whether somebody publishes chunks: the expert, or the policy of a bundle."""
    return has_expert(context) or bool(bundle_of(context))


def first_seed(context: LaunchContext) -> int:
    """Return the seed of the first scene."""
    default = EVALUATION_SEED if has_player(context) else TRAINING_SEED
    return int(value(context, "seed") or default)


def check_players(context: LaunchContext) -> None:
    """Refuses an expert that has nothing to do or no way to the robot, and episodes that nobody plays.

    Raises:
        LaunchArgumentError: With what to leave out.
    """
    task, is_wanted = value(context, "task"), bool(value(context, "expert")) and flag(context, "expert")
    refuse_if(
        is_wanted and task not in TASKS_WITH_EXPERT,
        f"expert:=true has no expert for task:={task}; choose one of {', '.join(TASKS_WITH_EXPERT)}",
    )
    refuse_if(
        is_wanted and not flag(context, "command_path"),
        "the expert moves the robot through command_node; leave command_path:=false or expert:=true out",
    )
    refuse_if(
        is_wanted and bool(value(context, "bundle")),
        "expert and policy would both move the robot; leave expert:=true or bundle out",
    )
    if value(context, "seed"):
        number(context, "seed", 0, 2**31 - 1, is_whole=True)
    _check_episodes(context)


def _check_episodes(context: LaunchContext) -> None:
    is_played = has_expert(context) or has_player(context)
    refuse_if(
        number(context, "episodes", 0, 1_000_000, is_whole=True) > 0 and not is_played,
        "episodes counts what a policy or an expert plays, and none plays here; leave episodes out, give a "
        f"bundle, or choose a task of {', '.join(TASKS_WITH_EXPERT)}, without expert:=false, play:=false and "
        "command_path:=false",
    )
    limit_s = number(context, "time_limit", 0, 3600, "s")
    refuse_if(
        (limit_s > 0 or bool(value(context, "results"))) and not has_player(context),
        "time_limit and results are about the episodes of a policy, and none plays here; leave them out, or "
        "give a bundle and a task",
    )
