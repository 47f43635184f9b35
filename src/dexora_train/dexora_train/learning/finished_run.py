"""What `train` leaves behind in its folder, opened for those who go on from there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dexora_perception.model import VisualEncoder
from numpy.typing import NDArray

from dexora_train.checkpoint import Checkpoint
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.frames import Frames
from dexora_train.learning.run_folder import (
    CHECKPOINT,
    CONFIG,
    FRAMES,
    TOKENS,
    checkpoint_hash,
    open_checkpoint,
    read_settings,
)
from dexora_train.learning.tokens import weights_hash
from dexora_train.learning.train_config import TrainConfig

START, EYES = "start", "eyes"
"""Keys beside the settings of a run: SHA-256 (hex) of the weights it started from, of the eyes it took."""


@dataclass(frozen=True)
class FinishedRun:
    """What `train` left behind.

    Attributes:
        config: Its settings.
        checkpoint: Its policy.
        hash: SHA-256 (hex) of the weights.
        frames: The dataset, unpacked.
        tokens: What the frozen encoder sees in it, (copies, F, V, N, W).
    """

    config: TrainConfig
    checkpoint: Checkpoint
    hash: str
    frames: Frames
    tokens: NDArray[np.float16]


def open_finished(folder: Path) -> FinishedRun:
    """Open the folder of a finished `train` run; nothing in it is changed.

    Raises:
        TrainingError: Something of it is missing, or its tokens are of another encoder or dataset.
        BundleError: The checkpoint is damaged.
        ConfigError: The settings are not those of `train`.
    """
    for name in (CONFIG, FRAMES, TOKENS, CHECKPOINT):
        if not (folder / name).exists():
            raise TrainingError(f"{folder} has no {name}; let 'dexora-train train' finish in it first.")
    checkpoint, frames = open_checkpoint(folder / CHECKPOINT), Frames(folder / FRAMES)
    tokens = _tokens(folder / TOKENS, checkpoint.encoder, frames)
    config = config_of(folder)
    return FinishedRun(config, checkpoint, checkpoint_hash(folder / CHECKPOINT), frames, tokens)


def config_of(folder: Path) -> TrainConfig:
    """Return the settings of a `train` run, finished or not.

    Raises:
        TrainingError: It has none that can be read.
        ConfigError: The settings are not those of `train`.
    """
    return TrainConfig.from_dict(
        {name: value for name, value in read_settings(folder / CONFIG).items() if name not in {START, EYES}}
    )


def _tokens(directory: Path, encoder: VisualEncoder, frames: Frames) -> NDArray[np.float16]:
    index = read_settings(directory / "index.json")
    if (index.get("encoder"), index.get("dataset")) != (weights_hash(encoder), frames.dataset):
        raise TrainingError(
            f"{directory} holds tokens of another encoder or dataset than the run's; run 'dexora-train "
            "train' again, which computes them anew."
        )
    return np.load(directory / "tokens.npy", mmap_mode="r")
