"""`dexora-train train`: a policy from a dataset, in one folder, resumable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dexora_train.learning.train import train
from dexora_train.learning.train_config import TrainConfig
from dexora_train.learning_cli import read_settings, told_on

_console = Console()


def train_command(  # noqa: PLR0917  (typer calls by name)
    dataset: Annotated[Path, typer.Argument(help="Folder of a LeRobot dataset.")],
    out: Annotated[Path, typer.Argument(help="Folder of the run; start again with the same one to go on.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML file with the settings of TrainConfig; the rest as by default.")
    ] = None,
    steps: Annotated[int, typer.Option(min=0, help="Training steps of the policy; 0: as configured.")] = 0,
    head: Annotated[str, typer.Option(help="mip, flow, sample or v; empty: as configured.")] = "",
    preset: Annotated[str, typer.Option(help="nano, tiny, small, ...; empty: as configured.")] = "",
    start: Annotated[
        Path | None,
        typer.Option(help="Folder of a finished run of the same dataset to start from, for another head."),
    ] = None,
    eyes: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a run of any dataset that shows the same things: its encoder is taken over."
        ),
    ] = None,
) -> None:
    """Train a policy. Progress is also in OUT/acting/log for TensorBoard."""
    settings = TrainConfig.from_dict(read_settings(config))
    if steps:
        settings = replace(settings, acting=replace(settings.acting, steps=steps))
    if head:
        settings = replace(settings, head=head)
    if preset:
        settings = replace(settings, preset=preset)
    _console.print(f"checkpoint: {train(dataset, out, settings, told_on(_console), start, eyes=eyes)}")
