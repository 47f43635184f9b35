"""Observations for calibration and parity out of a LeRobot dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dexora_train.checkpoint import Recipe
from dexora_train.data import layout
from dexora_train.data.reader import LeRobotReader
from dexora_train.export.observations import Observations, load_observations
from dexora_train.learning.fit import check_pictures, check_rate, refuse_unfit

DEFAULT_COUNT = 128
EPISODES = 24
"""Episodes that they are taken from: all videos of each are decoded, which is what takes the time."""


def read_observations(source: Path, recipe: Recipe) -> Observations:
    """Return observations out of the folder of a dataset, or out of an `.npz`.

    Raises:
        DexoraError: It cannot be read, or does not fit the recipe.
    """
    return observations_from_dataset(source, recipe) if source.is_dir() else load_observations(source, recipe)


def observations_from_dataset(
    dataset: Path, recipe: Recipe, count: int = DEFAULT_COUNT, seed: int = 0
) -> Observations:
    """Return moments of a dataset, each with the demonstrated actions as its committed prefix.

    They come from `EPISODES` episodes or all there are.
    Prefix lengths run from none to the longest of training, so that every use is calibrated.

    Args:
        dataset: Folder of a LeRobot dataset with pictures of the encoder's size.
        recipe: What the observations must fit.
        count: How many; fewer when the dataset has fewer frames.
        seed: Of the choice.

    Raises:
        DatasetError: The dataset cannot be read.
        TrainingError: It is of another robot, joint order, rate, view or picture size, or holds NaN.
    """
    refuse_unfit(dataset, recipe.robot)
    reader = LeRobotReader(dataset)
    check_rate(reader, recipe)
    check_pictures(reader, recipe.encoder)
    lengths = [entry.length for entry in reader.episodes]
    images, states, tasks, prefixes = [], [], [], []
    for index, rows in _chosen(lengths, count, seed).items():
        images.append(_pictures(reader, index, rows, recipe.encoder.views))
        states.append(reader.column(index, layout.STATE)[rows])
        actions = reader.column(index, layout.ACTION)
        after = rows[:, None] + np.arange(recipe.policy.horizon) - layout.ACTION_LEAD_STEPS
        after = np.clip(after, 0, len(actions) - 1)
        prefixes.append(actions[after])
        tasks += [reader.episodes[index].task] * len(rows)
    return Observations(
        images=np.concatenate(images),
        state_rad=np.concatenate(states).astype(np.float32),
        instructions=tuple(tasks),
        prefix_rad=np.concatenate(prefixes).astype(np.float32),
        prefix_steps=np.arange(len(tasks)) % (recipe.max_prefix_steps + 1),
        origin=f"{len(tasks)} frames of dataset {dataset.name}",
    )


def _chosen(lengths: Sequence[int], count: int, seed: int) -> dict[int, NDArray[np.int64]]:
    """Return the rows to take of each episode, at most `EPISODES` of them."""
    generator = np.random.default_rng(seed)
    episodes = np.sort(generator.choice(len(lengths), min(EPISODES, len(lengths)), replace=False))
    ends = np.cumsum([lengths[index] for index in episodes])
    places = np.sort(generator.choice(ends[-1], min(count, int(ends[-1])), replace=False))
    of_place = np.searchsorted(ends, places, side="right")
    return {
        int(index): places[of_place == k] - (ends[k] - lengths[index])
        for k, index in enumerate(episodes)
        if (of_place == k).any()
    }


def _pictures(
    reader: LeRobotReader, index: int, rows: NDArray[np.int64], views: Sequence[str]
) -> NDArray[np.uint8]:
    """Return the chosen pictures of an episode, (rows, V, S, S, 3)."""
    wanted = {int(row) for row in rows}
    taken = [
        np.stack([picture for place, picture in enumerate(reader.frames(index, view)) if place in wanted])
        for view in views
    ]
    return np.stack(taken, axis=1)
