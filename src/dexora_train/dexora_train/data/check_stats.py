"""Checks that the statistics of a dataset are those of its frames."""

from __future__ import annotations

import numpy as np

from dexora_train.data import layout
from dexora_train.data.errors import DatasetError
from dexora_train.data.finding import Finding, error
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.statistics import QUANTILES, remedy, stats_of

_TOLERANCE = 1e-3
_NAMES = ("min", "max", "mean", "std", *QUANTILES)


def check_stats(reader: LeRobotReader) -> list[Finding]:
    """Compare the stored statistics of state and action with what the frames say."""
    findings = []
    for key in (layout.STATE, layout.ACTION):
        try:
            stored = reader.stats
            values = np.concatenate([reader.column(index, key) for index in range(len(reader))])
        except DatasetError as problem:
            return [error(layout.STATS, None, str(problem))]
        if key not in stored:
            findings.append(error(layout.STATS, None, f"has no statistics of {key}; {remedy(reader.root)}"))
            continue
        with np.errstate(invalid="ignore"):  # numbers that are not finite have been told
            true = stats_of(values)
        for name in _NAMES:
            got = stored[key].get(name)
            if got is None or got.shape != true[name].shape:
                findings.append(error(layout.STATS, None, f"{key} has no {name}; {remedy(reader.root)}"))
                continue
            off = np.abs(got - true[name])
            column = int(np.nan_to_num(off, nan=np.inf).argmax())
            if not off[column] <= _TOLERANCE:
                findings.append(
                    error(
                        layout.STATS,
                        column,
                        f"{name} of {key} is {got[column]:g}, the frames say {true[name][column]:g}; "
                        f"{remedy(reader.root)}",
                    )
                )
    return findings
