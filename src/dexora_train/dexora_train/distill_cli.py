"""`dexora-train distill`: a policy of many steps taught to a student of two, in one folder, resumable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dexora_train.learning.distill import DistillConfig, distill
from dexora_train.learning.distill_loss import HEADS
from dexora_train.learning_cli import read_settings, told_on

_console = Console()


def distill_command(
    run: Annotated[
        Path, typer.Argument(help=f"Folder of a finished 'train' run of head {' or '.join(HEADS)}.")
    ],
    out: Annotated[
        Path, typer.Argument(help="Folder of the distillation; start again with the same one to go on.")
    ],
    config: Annotated[
        Path | None, typer.Option(help="YAML file with settings of DistillConfig; the rest as by default.")
    ] = None,
    teacher_steps: Annotated[
        int, typer.Option(min=0, help="Steps to begin with, a power of two; 0: as configured.")
    ] = 0,
) -> None:
    """Distil a policy to two steps. Progress is also in OUT/round_*/log for TensorBoard."""
    settings = DistillConfig.from_dict(read_settings(config))
    if teacher_steps:
        settings = replace(settings, teacher_steps=teacher_steps)
    _console.print(f"checkpoint: {distill(run, out, settings, told_on(_console))}")
