"""Statistics of features over all frames, in the format's words, and as a policy normalises with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
Numbers = NDArray[np.float64]
Stats = dict[str, Numbers]


def stats_of(values: NDArray[Any]) -> Stats:
    """Return the statistics of a column.

    Args:
        values: Shape (frames, D) or (frames,).

    Returns:
        min, max, mean, std and the quantiles of `QUANTILES`, shape (D,), and count, shape (1,).
    """
    table = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    result: Stats = {
        "min": table.min(axis=0),
        "max": table.max(axis=0),
        "mean": table.mean(axis=0),
        "std": table.std(axis=0),
        "count": np.array([len(table)]),
    }
    for name, share in QUANTILES.items():
        result[name] = np.quantile(table, share, axis=0)
    return result


def image_stats(frames: Iterable[NDArray[np.uint8]]) -> Stats:
    """Return the statistics of pictures per colour, scaled to [0, 1], as (3, 1, 1); count is of pictures."""
    pictures = [np.asarray(frame)[::2, ::2].reshape(-1, 3) for frame in frames]
    result = stats_of(np.concatenate(pictures) / 255.0)
    shaped = {name: value.reshape(3, 1, 1) for name, value in result.items() if name != "count"}
    return shaped | {"count": np.array([len(pictures)])}


def merged(parts: Sequence[Stats]) -> Stats:
    """Return the statistics of several sets together; quantiles are averages weighted by count.

    For pictures only: columns are small enough to be looked at whole.
    """
    counts = np.array([float(part["count"][0]) for part in parts])
    weights = counts / counts.sum()

    def average(name: str) -> Numbers:
        return np.asarray(sum(weight * part[name] for weight, part in zip(weights, parts, strict=True)))

    mean = average("mean")
    variance = sum(
        weight * (part["std"] ** 2 + (part["mean"] - mean) ** 2)
        for weight, part in zip(weights, parts, strict=True)
    )
    result = {
        "min": np.minimum.reduce([part["min"] for part in parts]),
        "max": np.maximum.reduce([part["max"] for part in parts]),
        "mean": mean,
        "std": np.sqrt(variance),
        "count": np.array([int(counts.sum())]),
    }
    return result | {name: average(name) for name in QUANTILES}


def as_lists(stats: Mapping[str, Stats]) -> dict[str, dict[str, Any]]:
    """Return statistics as plain lists, for JSON."""
    return {key: {name: value.tolist() for name, value in part.items()} for key, part in stats.items()}
