"""`dexora-train collect`, `stats` and `check`: demonstrations, and what is known of them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from dexora_core.contract import load_contract
from rich.console import Console
from rich.table import Table

from dexora_description import contract_path
from dexora_train.bars import bars_on
from dexora_train.data import layout
from dexora_train.data.check import check_dataset
from dexora_train.data.check_stats import check_stats
from dexora_train.data.collect import Attempt, CollectConfig, collect, write_collected
from dexora_train.data.errors import DatasetError
from dexora_train.data.finding import Severity
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.rewrite_stats import rewrite_stats
from dexora_train.data.staging import StagedEpisode, Staging
from dexora_train.learning.normalisation import statistics_of

_console = Console()
RobotOption = Annotated[str, typer.Option(help="Robot contract.")]
DisturbanceOption = Annotated[
    float, typer.Option(min=0.0, max=0.2, help="Pushes off the expert's path while recording [rad].")
]
StrayOption = Annotated[
    float,
    typer.Option(
        min=0.0, max=1.0, help="Chance of an attempt to begin where a failed one has left the robot."
    ),
]


class Format(str, Enum):
    """Versions of the LeRobot format that can be written."""

    V3 = layout.V3.name
    V2 = layout.V2.name


def _episodes_of(tasks: list[str], usual: int) -> dict[str, int]:
    """Return the number of episodes by task, from TASK or TASK=EPISODES."""
    found: dict[str, int] = {}
    for text in tasks:
        name, sign, count = text.partition("=")
        if sign and not count.isdecimal():
            raise DatasetError(f"--task {text}: {count!r} is no number of episodes; write {name}=200.")
        if name in found:
            raise DatasetError(f"--task {text}: {name} is named twice; name it once, with its number.")
        found[name] = int(count) if sign else usual
    return found


def collect_command(  # noqa: PLR0917  (typer calls by name)
    out: Annotated[Path, typer.Argument(help="Folder of the dataset to write.")],
    task: Annotated[
        list[str],
        typer.Option(help="Task to demonstrate, or TASK=EPISODES; say it several times for several."),
    ],
    episodes: Annotated[
        int, typer.Option(min=1, help="Successful episodes of each task that names no number.")
    ] = 100,
    seed: Annotated[
        int, typer.Option(min=0, help="First seed; seeds from 1,000,000 on are for evaluation.")
    ] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    image_size: Annotated[
        int, typer.Option(min=32, max=720, help="Edge of the model's square pictures [pixel].")
    ] = 96,
    disturbance: DisturbanceOption = 0.02,
    stray: StrayOption = 0.0,
    dataset_format: Annotated[Format, typer.Option("--format", help="LeRobot version.")] = Format.V3,
    small_videos: Annotated[
        bool, typer.Option(help="Third of the size; pictures no longer bit-exact.")
    ] = False,
    robot: RobotOption = "dexora36",
) -> None:
    """Record the experts in the randomised twin. Started again, it goes on where it was stopped."""
    config = CollectConfig(
        _episodes_of(task, episodes),
        seed,
        image_size,
        workers=workers,
        disturbance_rad=disturbance,
        stray_share=stray,
        robot=robot,
        is_lossless=not small_videos,
    )
    staging = out.with_name(f"{out.name}.staging")
    found = _collect_shown(config, staging)
    write_collected(config, out, found, layout.VERSIONS[dataset_format.value])
    frames = sum(episode.length for episode in found)
    _console.print(f"{out}: {len(found)} episodes, {frames} frames, LeRobot {dataset_format.value}.")
    _console.print(
        f"What was recorded stays in {staging} for a longer run, and that {Staging(staging, 1).failures()} "
        "attempts failed; remove it when you need none."
    )


def _collect_shown(config: CollectConfig, staging: Path) -> list[StagedEpisode]:
    """Collect with a bar per task, which counts its failures too."""
    with bars_on(_console) as progress:
        bars = {name: progress.add_task(name, total=count) for name, count in config.episodes.items()}
        failed = dict.fromkeys(bars, 0)

        def report(attempt: Attempt) -> None:
            failed[attempt.task] += not attempt.is_success
            text = f"{attempt.task}, {failed[attempt.task]} attempts failed"
            progress.update(bars[attempt.task], advance=int(attempt.is_success), description=text)

        return collect(config, staging, report, start=report)


def stats_command(
    dataset: Annotated[Path, typer.Argument(help="Folder of a LeRobot dataset.")],
    rewrite: Annotated[bool, typer.Option("--rewrite", help="Compute them from all frames first.")] = False,
) -> None:
    """Show what each joint did: the statistics that a policy is normalised with, and their hash."""
    reader = LeRobotReader(dataset)
    _console.print(
        f"{dataset}: {len(reader)} episodes, {reader.info['total_frames']} frames of "
        f"{len(reader.joint_names)} joints at {reader.rate_hz} Hz, views {', '.join(reader.views)}"
    )
    if rewrite:
        with bars_on(_console) as progress:
            bar = progress.add_task("videos", total=None)
            rewrite_stats(reader, lambda done, total: progress.update(bar, completed=done, total=total))
    wrong = check_stats(reader)
    if wrong:
        raise DatasetError(f"{dataset}: {wrong[0].file}: {wrong[0].what}")
    for key in (layout.STATE, layout.ACTION):
        heads = (f"{name} [rad]" for name in ("min", "p01", "mean", "p99", "max", "std"))
        table = Table("joint", *heads, title=key)
        for number, joint in enumerate(reader.joint_names):
            row = (reader.stats[key][name][number] for name in ("min", "q01", "mean", "q99", "max", "std"))
            table.add_row(joint, *(f"{value:.3f}" for value in row))
        _console.print(table)
    for kind, is_shared in (("absolute", False), ("relative", True)):
        found = statistics_of(reader, reader.root.name, is_shared=is_shared)
        _console.print(f"hash in a policy with {kind} actions: {found.hash}", soft_wrap=True)


def check_command(
    dataset: Annotated[Path, typer.Argument(help="Folder of a LeRobot dataset.")],
    quick: Annotated[bool, typer.Option(help="Count pictures only, do not look at them.")] = False,
    robot: RobotOption = "dexora36",
) -> None:
    """Find what is wrong with a dataset, by file and row. Exit code 1 when it must not be trained on."""
    contract = load_contract(contract_path(robot))
    with bars_on(_console) as progress:
        bar = progress.add_task("episodes", total=None)
        findings = check_dataset(
            dataset,
            contract,
            does_decode=not quick,
            report=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    for finding in findings:
        _console.print(str(finding), markup=False, soft_wrap=True)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    _console.print(f"{dataset}: {errors} errors, {len(findings) - errors} warnings")
    raise typer.Exit(1 if errors else 0)
