"""`dexora-train train`: a policy from a dataset, in one folder, resumable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import yaml
from dexora_core.errors import ConfigError
from rich.console import Console

from dexora_train.learning.loop import Progress
from dexora_train.learning.train import train
from dexora_train.learning.train_config import Reports, TrainConfig

_console = Console()


def train_command(  # noqa: PLR0917  (typer calls by name)
    dataset: Annotated[Path, typer.Argument(help="Folder of a LeRobot dataset.")],
    out: Annotated[Path, typer.Argument(help="Folder of the run; start again with the same one to go on.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML file with the settings of TrainConfig; the rest as by default.")
    ] = None,
    steps: Annotated[int, typer.Option(min=0, help="Training steps of the policy; 0: as configured.")] = 0,
    head: Annotated[str, typer.Option(help="mip, flow or v; empty: as configured.")] = "",
    preset: Annotated[str, typer.Option(help="nano, tiny, small, ...; empty: as configured.")] = "",
) -> None:
    """Train a policy. Progress is also in OUT/acting/log for TensorBoard."""
    settings = _settings(config)
    if steps:
        settings = replace(settings, acting=replace(settings.acting, steps=steps))
    if head:
        settings = replace(settings, head=head)
    if preset:
        settings = replace(settings, preset=preset)

    def line(progress: Progress) -> None:
        figures = "".join(f"  {name} {value:.4f}" for name, value in progress.figures.items())
        _console.print(f"  step {progress.step}  loss {progress.loss:.4f}{figures}", highlight=False)

    reports = Reports(stage=_console.print, line=line)
    _console.print(f"checkpoint: {train(dataset, out, settings, reports)}")


def _settings(path: Path | None) -> TrainConfig:
    """Read a file of settings.

    Raises:
        ConfigError: It cannot be read, or has an unknown key or a wrong value.
    """
    if path is None:
        return TrainConfig()
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); write settings as 'name: value'") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds no settings; write them as 'name: value'")
    return TrainConfig.from_dict(content)
