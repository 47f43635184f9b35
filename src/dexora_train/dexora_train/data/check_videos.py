"""Checks the videos of a dataset: there, complete, of the right size, and alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_train.data import layout
from dexora_train.data.errors import DatasetError
from dexora_train.data.finding import Finding, error, warning
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.video import Picture, count_frames

# So many equal pictures in a row while the robot moves by this much [rad] mean a frozen camera.
_FROZEN_FRAMES, _MOVED_RAD = 10, 0.3
_DARK = 4.0


def check_video_files(reader: LeRobotReader) -> list[Finding]:
    """Check that every video is there and holds as many pictures as its episodes have frames."""
    wanted: Counter[Path] = Counter()
    for entry in reader.episodes:
        for path in entry.videos.values():
            wanted[path] += entry.length
    findings = []
    for path, length in wanted.items():
        file = str(path.relative_to(reader.root))
        try:
            count = count_frames(path)
        except DatasetError as problem:
            findings.append(error(file, None, f"the video is missing or broken ({problem}); record it anew."))
            continue
        if count != length:
            findings.append(error(file, None, f"holds {count} pictures, its episodes have {length} frames."))
    return findings


def _seen_joints(view: str, contract: RobotContract) -> NDArray[np.intp]:
    """Return the joints that change what a view sees: at the left wrist, those of the left side only."""
    words = set(view.split("_"))
    groups = [group.name for group in contract.groups]
    own = [name for name in groups if words & set(name.split("_"))] or groups
    return np.concatenate([contract.group_indices(name) for name in own])


def fault_of(picture: Picture, size: tuple[int, ...]) -> str:
    """Return why a picture must not be trained on; empty where nothing speaks against it.

    Args:
        picture: (H, W, 3) uint8 RGB.
        size: Height, width and colours that info.json says.
    """
    if picture.shape != size:
        return f"the picture is {picture.shape}, info.json says {size}."
    return "the picture is black; remove the episode." if picture.max() < _DARK else ""


def check_videos(reader: LeRobotReader, index: int, contract: RobotContract) -> Iterator[Finding]:
    """Look at every picture of an episode.

    Raises:
        DatasetError: A video cannot be read.
    """
    entry = reader.episodes[index]
    state = reader.column(index, layout.STATE)
    for view in reader.views:
        key = layout.image_key(view)
        path, first = entry.videos[key], entry.first_frames[key]
        if not path.is_file():
            continue  # told by check_video_files
        joints = _seen_joints(view, contract)
        file, size = str(path.relative_to(reader.root)), tuple(reader.features[key]["shape"])
        before, repeats, since = None, 0, 0
        for number, picture in enumerate(reader.frames(index, view)):
            fault = fault_of(picture, size)
            if fault:
                yield error(file, first + number, fault)
                break
            same = before is not None and np.array_equal(picture, before)
            repeats, since = (repeats + 1, since) if same else (0, number)
            moved = float(np.abs(state[number] - state[since])[joints].max())
            if repeats >= _FROZEN_FRAMES and moved > _MOVED_RAD:
                yield warning(
                    file,
                    first + number,
                    f"the picture of {view} stands still for {repeats + 1} frames while a joint moves by "
                    f"{moved:.3f} rad; was the camera frozen?",
                )
                break
            before = picture
