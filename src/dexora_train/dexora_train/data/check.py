"""Finds what is wrong with a LeRobot dataset before anybody trains on it, and names file and row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from dexora_core.contract import RobotContract

from dexora_train.data import layout
from dexora_train.data.check_stats import check_stats
from dexora_train.data.check_tables import Duplicates, check_table
from dexora_train.data.check_videos import check_video_files, check_videos
from dexora_train.data.errors import DatasetError
from dexora_train.data.finding import Finding, error
from dexora_train.data.reader import MALFORMED, LeRobotReader

_UNREADABLE = (DatasetError, *MALFORMED)


def check_dataset(
    root: Path,
    contract: RobotContract,
    *,
    does_decode: bool = True,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Finding]:
    """Check a dataset against a robot.

    Args:
        root: Folder of the dataset.
        contract: The robot that it must be of.
        does_decode: Whether every picture is looked at; without it only their number.
        report: Called with the episodes done and their total.

    Returns:
        All findings; none when it is fit to train on. Never raises for what is wrong with the dataset.
    """
    try:
        reader = LeRobotReader(root)
        findings = list(_check_info(reader, contract))
    except _UNREADABLE as problem:
        return [error(layout.INFO, None, f"the dataset cannot be opened: {problem!s}")]
    if findings:
        return findings  # nothing below makes sense with other features
    findings += check_video_files(reader)
    duplicates = Duplicates()
    for index in range(len(reader)):
        try:
            findings += check_table(reader, index, contract, duplicates)
            if does_decode:
                findings += check_videos(reader, index, contract)
        except _UNREADABLE as problem:
            file = str(reader.episodes[index].data.relative_to(root))
            findings.append(error(file, None, f"episode {index} cannot be read: {problem}"))
        report(index + 1, len(reader))
    try:
        return findings + check_stats(reader)
    except _UNREADABLE as problem:
        return [*findings, error(layout.STATS, None, f"cannot be compared with the frames: {problem}")]


def _check_info(reader: LeRobotReader, contract: RobotContract) -> Iterator[Finding]:
    """Compare the description with the robot."""
    info = reader.info
    wanted_hz = round(contract.rates.policy_hz)
    if info["fps"] != wanted_hz:
        yield error(
            layout.INFO, None, f"fps is {info['fps']}, the robot's policy runs at {wanted_hz}; resample it."
        )
    if info.get("robot_type") not in (contract.name, None):
        yield error(
            layout.INFO,
            None,
            f"robot_type is {info['robot_type']!r}, this is {contract.name!r}; convert it first.",
        )
    for key in (layout.STATE, layout.ACTION):
        feature = reader.features.get(key)
        if feature is None:
            yield error(layout.INFO, None, f"has no feature {key!r}; there are {', '.join(reader.features)}.")
            continue
        yield from _check_joints(key, feature.get("names"), feature.get("shape"), contract)
    for key in layout.INDEX_FEATURES:
        if key not in reader.features:
            yield error(
                layout.INFO, None, f"has no feature {key!r}; convert it with the lerobot package first."
            )
    if not layout.video_keys(reader.features):
        yield error(layout.INFO, None, "has no video; record at least one camera view.")
    frames = sum(entry.length for entry in reader.episodes)
    if frames != info["total_frames"]:
        yield error(layout.INFO, None, f"total_frames is {info['total_frames']}, the episodes have {frames}.")


def _check_joints(
    key: str, names: list[str] | None, shape: list[int] | None, contract: RobotContract
) -> Iterator[Finding]:
    wanted = list(contract.joint_names)
    if names == wanted and list(shape or ()) == [len(wanted)]:
        return
    if not isinstance(names, list) or len(names) != len(wanted):
        count = len(names) if isinstance(names, list) else 0
        yield error(
            layout.INFO,
            None,
            f"{key} has {count} joint names, {contract.name} has {len(wanted)}; convert it first.",
        )
        return
    if list(shape or ()) != [len(wanted)]:
        yield error(layout.INFO, None, f"{key} has shape {shape}, must be [{len(wanted)}].")
    row = next((k for k, (got, want) in enumerate(zip(names, wanted, strict=True)) if got != want), None)
    if row is not None:
        yield error(
            layout.INFO,
            row,
            f"{key}: joint {row} is {names[row]!r}, must be {wanted[row]!r}; bring the columns in "
            "the contract's order.",
        )
