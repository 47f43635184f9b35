"""The folder of a run: whose it is, what lies where, and a checkpoint that is complete or absent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from dexora_train.checkpoint import RECIPE, Checkpoint, load_checkpoint, save_checkpoint, stored_parts
from dexora_train.learning.errors import TrainingError
from dexora_train.whole_file import write_whole
from dexora_train.whole_folder import whole_folder

CONFIG, CHECKPOINT, FRAMES, TOKENS, SCENES = "config.json", "checkpoint", "frames", "tokens", "scenes"
SEEING = "seeing.safetensors"
"""What lies where in the folder of a run."""
_BUNDLE, _RATE = "manifest.json", "learning_rate"


def claim(folder: Path, settings: Mapping[str, Any], unsaid: Mapping[str, Any] | None = None) -> None:
    """Write the settings into a new folder; refuse the folder of another run.

    Until the run has its checkpoint, a learning rate may change: it counts from the next step.

    Args:
        folder: Of the run; made when needed.
        settings: Plain data that a run with the same result has too.
        unsaid: What a folder means that was begun before there was such a setting.

    Raises:
        TrainingError: The folder is another run's, or cannot be written.
    """
    path, content = folder / CONFIG, json.loads(json.dumps(settings))
    if path.is_file():
        found = {**(unsaid or {}), **read_settings(path)}
        is_done = (folder / CHECKPOINT).exists()
        new, old = (content, found) if is_done else (_without_rates(content), _without_rates(found))
        changed = [key for key in sorted({*new, *old}) if new.get(key) != old.get(key)]
        if changed:
            raise TrainingError(
                f"{folder} holds a run with another {', '.join(changed)}; take its settings to go on, or "
                "another folder to begin anew."
            )
        if content == found:
            return
    _write(content, path)


def _without_rates(settings: Any) -> Any:
    """Return settings without any learning rate."""
    if isinstance(settings, dict):
        return {key: _without_rates(value) for key, value in settings.items() if key != _RATE}
    return [_without_rates(value) for value in settings] if isinstance(settings, list) else settings


def _write(content: Mapping[str, Any], path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise TrainingError(
            f"{path.parent} cannot be written ({error}); free some space, or use another."
        ) from error


def open_checkpoint(directory: Path) -> Checkpoint:
    """Read a checkpoint that shall learn further.

    Raises:
        TrainingError: It has no training weights.
        BundleError: A file is damaged.
        ConfigError: Its recipe holds an unknown key or a wrong value.
    """
    if (directory / _BUNDLE).is_file() and not (directory / RECIPE).is_file():
        raise TrainingError(
            f"{directory} is an exported bundle; give the checkpoint that it was exported from, which has "
            "the training weights."
        )
    if not (directory / RECIPE).is_file():
        raise TrainingError(
            f"{directory} has no {RECIPE}; give the folder 'checkpoint' of a run, not the run itself."
        )
    for part in ("encoder", "policy"):
        if not (directory / f"{part}.safetensors").is_file():
            raise TrainingError(
                f"{directory} has no {part}.safetensors; without training weights nothing can learn further: "
                "copy the whole folder."
            )
    return load_checkpoint(directory)


def checkpoint_hash(directory: Path) -> str:
    """Return the SHA-256 (hex) of a checkpoint's weights, its files in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(directory.glob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def save_whole(checkpoint: Checkpoint, directory: Path) -> None:
    """Write a checkpoint so that it is there completely or not at all.

    Raises:
        TrainingError: The disk cannot be written; what was there before is untouched.
    """
    try:
        with whole_folder(directory) as partial:
            save_checkpoint(checkpoint, partial)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"the checkpoint could not be written to {directory} ({error}); free some space and start again: "
            "the training itself is kept."
        ) from error


def parent_sentence(checkpoint: Checkpoint, weights: str) -> str:
    """Return how a lineage names the policy that another one came from."""
    parts = ", ".join(stored_parts(checkpoint.recipe))
    return f"{checkpoint.recipe.name} (weights of {parts}: SHA-256 {weights})"


def read_settings(path: Path) -> dict[str, Any]:
    """Return what a file of settings holds.

    Raises:
        TrainingError: It cannot be read.
    """
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read ({error}); use another folder.") from error
