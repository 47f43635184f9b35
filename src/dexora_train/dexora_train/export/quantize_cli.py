"""`dexora-train quantize`: INT8 that has to show in episodes that it costs no success."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dexora_train.evaluate.cli import DEFAULT_TASKS, TaskOption, evaluate_shown
from dexora_train.export.gate import Gate
from dexora_train.export.quantize import Source, quantize, work_folder


def quantize_command(  # noqa: PLR0917  (typer calls by name)
    source: Annotated[
        Path, typer.Argument(help="Folder of a checkpoint, or of a bundle that an export gave INT8 graphs.")
    ],
    out: Annotated[Path, typer.Option(help="Directory of the bundle; must not exist.")],
    calibration: Annotated[
        Path | None,
        typer.Option(help="Dataset folder, or observations (.npz), to calibrate a checkpoint on."),
    ] = None,
    task: TaskOption = None,
    episodes: Annotated[
        int, typer.Option(min=1, help="Episodes of each task, in float32 and in INT8.")
    ] = 100,
    most_points: Annotated[
        float, typer.Option(min=0.0, help="Success that INT8 may lose over all pairs [percentage points].")
    ] = 1.0,
    weights: Annotated[
        bool, typer.Option(help="Put the safetensors of a checkpoint into the bundle too.")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Write a bundle whose default is INT8 if this costs no success, else float32; then the exit code is 1.

    Started again, it goes on where it was stopped.
    """
    logging.captureWarnings(True)
    console = Console(stderr=True)
    gate = Gate(tuple(task or DEFAULT_TASKS), episodes, most_points, workers)
    bundle, verdict = quantize(
        Source(source, calibration, weights),
        out,
        gate,
        evaluate_shown,
        lambda stage: console.print(stage, markup=False, soft_wrap=True),
    )
    colour = "green" if verdict.is_passed else "red"
    console.print(verdict.sentence, style=colour, markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"What was played stays in {work_folder(out)}; remove it when you need none.", soft_wrap=True
    )
    typer.echo(f"{bundle.path}: {bundle.bundle_id}")
    raise typer.Exit(0 if verdict.is_passed else 1)
