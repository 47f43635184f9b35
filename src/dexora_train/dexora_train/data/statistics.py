"""Statistics of features over all frames, in the format's words, and as a policy normalises with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
_LEVELS = 256
"""Values of a colour in a picture."""
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
    """Return the statistics of all pixels per colour, scaled to [0, 1], as (3, 1, 1); count is of pictures.

    Args:
        frames: At least one picture, (H, W, 3) RGB; they are looked at one after the other.
    """
    seen, pictures = np.zeros(3 * _LEVELS, np.int64), 0
    for pictures, frame in enumerate(frames, start=1):  # noqa: B007  (their number is needed below)
        colours = frame.reshape(-1, 3) + _LEVELS * np.arange(3)
        seen += np.bincount(colours.reshape(-1), minlength=len(seen))
    result = _stats_of_levels(seen.reshape(3, _LEVELS))
    shaped = {name: value.reshape(3, 1, 1) for name, value in result.items()}
    return shaped | {"count": np.array([pictures])}


def _stats_of_levels(seen: NDArray[np.int64]) -> Stats:
    """Return what `stats_of` does but the count, of how often each colour has each level, (3, levels)."""
    pixels, levels = int(seen[0].sum()), np.arange(_LEVELS) / (_LEVELS - 1)
    below = seen.cumsum(axis=1)

    def at(place: int) -> Numbers:
        """Return the level of the pixel at a place when all are in order, (3,)."""
        return np.asarray((below <= place).sum(axis=1) / (_LEVELS - 1))

    mean = seen @ levels / pixels
    variance = (seen * (levels - mean[:, None]) ** 2).sum(axis=1) / pixels
    result = {"min": at(0), "max": at(pixels - 1), "mean": mean, "std": np.sqrt(variance)}
    for name, share in QUANTILES.items():
        place, part = divmod(share * (pixels - 1), 1)
        result[name] = at(int(place)) * (1 - part) + at(min(int(place) + 1, pixels - 1)) * part
    return result


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


def remedy(root: Path) -> str:
    """Return what to do where the statistics of a dataset are missing or wrong."""
    return f"compute the statistics anew: 'dexora-train stats {root} --rewrite'."


def as_lists(stats: Mapping[str, Stats]) -> dict[str, dict[str, Any]]:
    """Return statistics as plain lists, for JSON."""
    return {key: {name: value.tolist() for name, value in part.items()} for key, part in stats.items()}
