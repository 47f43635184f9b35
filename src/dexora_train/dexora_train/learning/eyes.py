"""The eyes of a run, taken over for other demonstrations: learning to see takes long."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from dexora_core.bundle.files import file_sha256
from safetensors import SafetensorError, safe_open

from dexora_train.learning.errors import TrainingError
from dexora_train.learning.finished_run import config_of
from dexora_train.learning.run_folder import SEEING
from dexora_train.learning.train_config import TrainConfig
from dexora_train.whole_file import whole_file


@dataclass(frozen=True)
class Eyes:
    """What a run has learnt to see.

    Attributes:
        path: File of its encoder.
        name: Name of its policy.
        hash: SHA-256 (hex) of the file.
    """

    path: Path
    name: str
    hash: str


def eyes_of(run: Path, config: TrainConfig) -> Eyes:
    """Return the eyes of a run, if one with these settings can take them.

    Args:
        run: Folder of a `train` run that has learnt to see, finished or not.
        config: Settings of the run that takes them.

    Raises:
        TrainingError: It has not learnt to see yet, is of another robot or preset, or the file is damaged.
        ConfigError: The settings of the run are not those of `train`.
    """
    path = run / SEEING
    if not path.is_file():
        raise TrainingError(f"{run} has no {SEEING}; name the folder of a run that has learnt to see.")
    theirs = config_of(run)
    for name in ("robot", "preset"):
        if getattr(theirs, name) != getattr(config, name):
            raise TrainingError(
                f"{run} sees with {name} {getattr(theirs, name)}, this run has {getattr(config, name)}; take "
                "eyes of the same, or none."
            )
    try:
        with safe_open(path, framework="numpy"):
            return Eyes(path, theirs.name, file_sha256(path))
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"{path} is damaged ({error}); copy it again, or take other eyes.") from error


def take_eyes(eyes: Eyes, folder: Path) -> None:
    """Copy eyes into the folder of a run, so that it needs the other one no more.

    Raises:
        TrainingError: The folder has other eyes, or cannot be written.
    """
    path = folder / SEEING
    if path.is_file():
        if file_sha256(path) != eyes.hash:
            raise TrainingError(f"{path} holds other eyes than {eyes.path}; use another folder.")
        return
    try:
        with whole_file(path) as partial:
            shutil.copyfile(eyes.path, partial)
    except OSError as error:
        raise TrainingError(
            f"{path} cannot be written ({error}); free some space and start again."
        ) from error
