"""Refuses datasets that a policy must not be trained on, before an hour is spent on them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dexora_core.contract import load_contract
from dexora_perception.model import EncoderConfig
from tokenizers import Tokenizer

from dexora_description import contract_path
from dexora_train.checkpoint import Recipe
from dexora_train.data import layout
from dexora_train.data.check import check_dataset
from dexora_train.data.finding import Severity
from dexora_train.data.reader import LeRobotReader
from dexora_train.learning.errors import TrainingError
from dexora_train.word_tokenizer import UNKNOWN

# Rates that differ by less than this share are the same.
_RATE_TOLERANCE = 1e-6


def refuse_unfit(dataset: Path, robot: str) -> None:
    """Refuse a dataset in which `check` finds an error without looking at every picture.

    Args:
        dataset: Its folder.
        robot: Name of the robot that it must be of.

    Raises:
        TrainingError: Names the first error, with file and row, and how many there are.
    """
    findings = check_dataset(dataset, load_contract(contract_path(robot)), does_decode=False)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise TrainingError(
            f"{dataset} must not be trained on: {errors[0]} ({len(errors)} errors in all; "
            f"'dexora-train check' lists them)"
        )


def check_pictures(reader: LeRobotReader, encoder: EncoderConfig) -> None:
    """Refuse a dataset without the views of an encoder, or with pictures of another size.

    Raises:
        TrainingError: Names the view, or both sizes.
    """
    missing = [view for view in encoder.views if view not in reader.views]
    if missing:
        raise TrainingError(
            f"{reader.root} has no view {missing[0]!r}; the encoder looks at {', '.join(encoder.views)}."
        )
    for view in encoder.views:
        height, width = reader.features[layout.image_key(view)]["shape"][:2]
        if (height, width) != (encoder.image_size, encoder.image_size):
            raise TrainingError(
                f"{reader.root} has pictures of {height} x {width} pixels in view {view!r}, the encoder "
                f"takes {encoder.image_size} x {encoder.image_size}; collect with that size."
            )


def check_rate(reader: LeRobotReader, recipe: Recipe) -> None:
    """Refuse a dataset whose steps are longer or shorter than those of a policy's chunks.

    Raises:
        TrainingError: Names both rates.
    """
    if abs(reader.rate_hz * recipe.step_dt_s - 1.0) > _RATE_TOLERANCE:
        raise TrainingError(
            f"{reader.root} is recorded at {reader.rate_hz} Hz, {recipe.name} plans at "
            f"{1.0 / recipe.step_dt_s:g} Hz; resample it."
        )


def unknown_words(tokenizer: str, sentences: Iterable[str]) -> tuple[str, ...]:
    """Return the words of instructions that a tokenizer takes for one and the same unknown one.

    Args:
        tokenizer: Content of `tokenizer.json`.
        sentences: Instructions.
    """
    reader = Tokenizer.from_str(tokenizer)
    reader.no_truncation()
    found: dict[str, None] = {}
    for sentence in dict.fromkeys(sentences):
        read = reader.encode(sentence)
        places = zip(read.tokens, read.offsets, strict=True)
        found |= {sentence[first:last]: None for token, (first, last) in places if token == UNKNOWN}
    return tuple(found)
