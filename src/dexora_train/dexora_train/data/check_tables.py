"""Checks the columns of an episode: names, shapes, numbers, time, limits, repetitions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_train.data import layout
from dexora_train.data.columns import UnevenColumnError, as_array
from dexora_train.data.finding import Finding, error, warning
from dexora_train.data.reader import LeRobotReader

# A stamp may be off by this share of a period.
_TIME_TOLERANCE = 0.02
# Demonstrations may ask for a little more than the limit, the gate would clamp it; and a finger that is
# pressed yields beyond its stop. Degrees and joints of another robot are much further off.
_OUTSIDE_RAD = {layout.ACTION: 0.09, layout.STATE: 0.35}
# A target may be this many times as far as the joint comes in one step.
_JUMP_FACTOR = 3.0


class Duplicates:
    """Remembers what was seen, to find episodes that are there twice."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def first_of(self, index: int, content: bytes) -> int | None:
        """Return the earlier episode with the same content, if there is one, and remember this one."""
        key = hashlib.sha256(content).digest()
        first = self._seen.setdefault(key, index)
        return None if first == index else first


def check_table(
    reader: LeRobotReader, index: int, contract: RobotContract, duplicates: Duplicates
) -> list[Finding]:
    """Check the columns of one episode.

    Args:
        reader: The dataset.
        index: Number of the episode.
        contract: The robot.
        duplicates: What earlier episodes held.

    Raises:
        DatasetError: The table cannot be read.
    """
    entry = reader.episodes[index]
    file, first = str(entry.data.relative_to(reader.root)), entry.first_row
    if entry.length < 1:
        return [error(file, first, f"episode {index} has {entry.length} frames; remove it.")]
    table = reader.table(index)
    missing = [name for name in layout.numeric_keys(reader.features) if name not in table.column_names]
    if missing:
        return [error(file, None, f"column {missing[0]!r} is missing; collect episode {index} anew.")]
    columns: dict[str, NDArray[Any]] = {}
    try:
        for name in layout.numeric_keys(reader.features):
            columns[name] = as_array(table[name])
    except UnevenColumnError as problem:
        return [error(file, first + problem.row, f"{name} {problem}")]
    findings = list(_check_shapes(file, reader, columns))
    if findings:
        return findings
    findings += _check_finite(file, first, columns)
    findings += _check_order(file, first, index, reader.rate_hz, columns)
    if not findings:
        findings += _check_limits(file, first, contract, columns)
    content = columns[layout.STATE].tobytes() + columns[layout.ACTION].tobytes()
    twin = duplicates.first_of(index, content)
    if twin is not None:
        findings.append(error(file, first, f"episode {index} repeats episode {twin}; remove one of them."))
    return findings


def _check_shapes(file: str, reader: LeRobotReader, columns: dict[str, NDArray[Any]]) -> Iterator[Finding]:
    for name, values in columns.items():
        wanted = reader.features[name]["shape"]
        got = list(values.shape[1:]) or [1]
        if values.dtype == object or got != list(wanted):
            yield error(file, None, f"{name} has shape {got} per row, info.json says {list(wanted)}.")


def _check_finite(file: str, first: int, columns: dict[str, NDArray[Any]]) -> Iterator[Finding]:
    for name, values in columns.items():
        bad = ~np.isfinite(values.astype(np.float64)).reshape(len(values), -1).all(axis=1)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            yield error(
                file, first + row, f"{name} is not finite, in {int(bad.sum())} rows; remove the episode."
            )


def _check_order(
    file: str, first: int, index: int, rate_hz: int, columns: dict[str, NDArray[Any]]
) -> Iterator[Finding]:
    """Check time and numbers: every frame once, evenly spaced."""
    count = len(columns["timestamp"])
    wanted = {
        "timestamp": (np.arange(count) / rate_hz, _TIME_TOLERANCE / rate_hz),
        "frame_index": (np.arange(count), 0.0),
        "episode_index": (np.full(count, index), 0.0),
        "index": (columns["index"][0] + np.arange(count), 0.0),
        "task_index": (np.full(count, columns["task_index"][0]), 0.0),
    }
    for name, (values, tolerance) in wanted.items():
        wrong = np.flatnonzero(~(np.abs(columns[name] - values) <= tolerance))
        if len(wrong):
            row = int(wrong[0])
            yield error(
                file,
                first + row,
                f"{name} is {columns[name][row]:g}, must be {values[row]:g}: frames are missing, repeated "
                "or out of order; remove the episode.",
            )


def _check_limits(
    file: str, first: int, contract: RobotContract, columns: dict[str, NDArray[Any]]
) -> Iterator[Finding]:
    """Check positions against the robot, and targets against what it can follow."""
    names = contract.joint_names
    for key in (layout.STATE, layout.ACTION):
        values = columns[key].astype(np.float64)
        excess = np.maximum(contract.lower_rad - values, values - contract.upper_rad)
        row, joint = np.unravel_index(int(excess.argmax()), excess.shape)
        if excess[row, joint] > _OUTSIDE_RAD[key]:
            yield error(
                file,
                first + int(row),
                f"{key} of {names[joint]} is {values[row, joint]:.3f} rad, {excess[row, joint]:.3f} outside "
                "its limits; are these radians, and this robot's joints?",
            )
    action = columns[layout.ACTION].astype(np.float64)
    if len(action) > 1:
        reach = _JUMP_FACTOR * contract.max_velocity_rad_s * contract.rates.step_dt_s
        ratio = np.abs(np.diff(action, axis=0)) / reach
        row, joint = np.unravel_index(int(ratio.argmax()), ratio.shape)
        if ratio[row, joint] > 1.0:
            yield warning(
                file,
                first + int(row) + 1,
                f"action of {names[joint]} jumps by {ratio[row, joint] * reach[joint]:.3f} rad in one step, "
                f"more than {reach[joint]:.3f}; look at the episode.",
            )
