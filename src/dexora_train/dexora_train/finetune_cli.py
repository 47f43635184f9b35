"""`dexora-train finetune`: a policy adapted to a few demonstrations, in one folder, resumable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dexora_train.learning.finetune import FinetuneConfig, finetune
from dexora_train.learning_cli import read_settings, told_on

_console = Console()


def finetune_command(
    checkpoint: Annotated[Path, typer.Argument(help="Folder of the checkpoint that is adapted.")],
    dataset: Annotated[Path, typer.Argument(help="Folder of a LeRobot dataset of the same robot.")],
    out: Annotated[Path, typer.Argument(help="Folder of the run; start again with the same one to go on.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML file with settings of FinetuneConfig; the rest as by default.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=0, help="Passes over the dataset; 0: as configured.")] = 0,
) -> None:
    """Adapt a policy with low-rank adapters. Progress is also in OUT/adapting/log for TensorBoard."""
    settings = FinetuneConfig.from_dict(read_settings(config))
    if epochs:
        settings = replace(settings, epochs=epochs)
    _console.print(f"checkpoint: {finetune(checkpoint, dataset, out, settings, told_on(_console))}")
