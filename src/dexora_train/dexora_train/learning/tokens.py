"""What a frozen backbone makes of every picture, computed once: a policy then learns without looking."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from dexora_perception.model import VisualEncoder
from numpy.typing import NDArray
from torch import Tensor

from dexora_train.arrays import new_array
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.frames import Frames
from dexora_train.learning.pretraining import augmented, lights
from dexora_train.whole_folder import whole_folder

_INDEX, _VALUES = "index.json", "tokens.npy"
BATCH = 64
"""Pictures of all views that go through a backbone at once."""


def cache_tokens(
    encoder: VisualEncoder,
    frames: Frames,
    directory: Path,
    copies: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float16]:
    """Return the tokens of all frames before the adapter, (copies, F, V, N, backbone width), mapped.

    Copy 0 is of the pictures as they are, further ones are of augmented pictures. What is there already from
    the same encoder and frames is taken as it is.

    Args:
        encoder: Its backbone is frozen.
        frames: The pictures.
        directory: Where the tokens go.
        copies: At least 1.
        report: Called with the frames done and their total.

    Raises:
        TrainingError: The disk has no room for them.
    """
    index = {"encoder": weights_hash(encoder), "dataset": frames.dataset, "copies": copies}
    path = directory / _INDEX
    if path.is_file() and json.loads(path.read_text()) == index:
        return np.load(directory / _VALUES, mmap_mode="r")
    shutil.rmtree(directory, ignore_errors=True)  # of another encoder: room for the new ones
    try:
        with whole_folder(directory) as partial:
            _compute(encoder, frames, partial / _VALUES, copies, report)
            (partial / _INDEX).write_text(json.dumps(index))
    except OSError as error:
        raise TrainingError(
            f"tokens could not be written to {directory} ({error}); free some space and start again."
        ) from error
    return np.load(directory / _VALUES, mmap_mode="r")


def _compute(
    encoder: VisualEncoder, frames: Frames, path: Path, copies: int, report: Callable[[int, int], None]
) -> None:
    config = encoder.config
    shape = (copies, len(frames), len(config.views), config.tokens_per_view, config.backbone_width)
    values = new_array(path, np.float16, shape)
    views = [frames.views.index(view) for view in config.views]
    encoder.eval()
    for first in range(0, len(frames), BATCH):
        pictures = torch.from_numpy(frames.images[first : first + BATCH][:, views])
        for copy in range(copies):
            generator = torch.Generator().manual_seed(first * copies + copy)
            seen = augmented(pictures, lights(len(pictures), len(views), generator)) if copy else pictures
            values[copy, first : first + BATCH] = tokens_of(encoder, seen)
        report(min(first + BATCH, len(frames)), len(frames))
    values.flush()


@torch.no_grad()
def tokens_of(encoder: VisualEncoder, pictures: Tensor) -> NDArray[np.float32]:
    """Return the backbone's tokens (B, V, N, W) of pictures uint8 (B, V, H, W, 3)."""
    return encoder.backbone_tokens(pictures.to(next(encoder.parameters()).device)).cpu().numpy()


def weights_hash(encoder: VisualEncoder) -> str:
    """Return the SHA-256 (hex) of the backbone's weights."""
    digest = hashlib.sha256()
    for name, value in sorted(encoder.backbone.state_dict().items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
