"""What the verbs that train have in common: a file of settings, and a log on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from dexora_core.errors import ConfigError
from rich.console import Console

from dexora_train.learning.loop_log import Progress
from dexora_train.learning.train_config import Reports


def read_settings(path: Path | None) -> dict[str, Any]:
    """Return the settings of a YAML file; none of no file.

    Raises:
        ConfigError: It cannot be read, or holds no settings.
    """
    if path is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); write settings as 'name: value'") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds no settings; write them as 'name: value'")
    return content


def told_on(console: Console) -> Reports:
    """Return reports that print stages and the lines of the log."""

    def line(progress: Progress) -> None:
        figures = "".join(f"  {name} {value:.4f}" for name, value in progress.figures.items())
        console.print(f"  step {progress.step}  loss {progress.loss:.4f}{figures}", highlight=False)

    return Reports(stage=lambda name: console.print(name, markup=False), line=line)
