"""Computes the statistics of a dataset that another tool has written, or written without them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np

from dexora_train.data import layout
from dexora_train.data.errors import DatasetError
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.statistics import Stats, as_lists, image_stats, stats_of
from dexora_train.data.video import Picture
from dexora_train.whole_file import write_whole

Report = Callable[[int, int], None]


def rewrite_stats(reader: LeRobotReader, report: Report = lambda done, total: None) -> None:
    """Compute the statistics of all frames and write them in the place of those that were there.

    Args:
        reader: The dataset.
        report: Called with the videos of episodes done, and their total.

    Raises:
        DatasetError: A frame cannot be read, or the file cannot be written; the earlier one is as it was.
    """
    try:
        stats = _column_stats(reader)
    except ValueError as error:  # columns of another width, or no frames at all
        raise DatasetError(
            f"{reader.root}: has no statistics ({error}); 'dexora-train check' names file and row."
        ) from error
    for number, view in enumerate(reader.views):
        stats[layout.image_key(view)] = image_stats(_pictures(reader, view, number, report))
    path = reader.root / layout.STATS
    try:
        write_whole(path, json.dumps(as_lists(stats), indent=1))
    except OSError as error:
        raise DatasetError(f"{path} could not be written ({error}); free some space.") from error


def _column_stats(reader: LeRobotReader) -> dict[str, Stats]:
    found = {}
    for key in layout.numeric_keys(reader.features):
        values = np.concatenate([reader.column(index, key) for index in range(len(reader))])
        if values.dtype != object:  # text has none
            found[key] = stats_of(values)
    return found


def _pictures(reader: LeRobotReader, view: str, number: int, report: Report) -> Iterator[Picture]:
    """Yield all pictures of a view, the `number`-th of the dataset."""
    for index in range(len(reader)):
        yield from reader.frames(index, view)
        report(number * len(reader) + index + 1, len(reader.views) * len(reader))
