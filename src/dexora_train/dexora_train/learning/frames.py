"""A dataset unpacked for random access: videos decoded once, everything in arrays mapped from disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dexora_train.arrays import new_array
from dexora_train.data import layout
from dexora_train.data.check_videos import fault_of
from dexora_train.data.reader import LeRobotReader
from dexora_train.learning.errors import TrainingError
from dexora_train.whole_folder import whole_folder

_INDEX, _TRUTH = "index.json", "truth.npy"
_COLUMNS = {"state": layout.STATE, "action": layout.ACTION, "truth": layout.TRUTH}
# One episode of so many is kept from training, chosen by what it contains and not by its place.
_HELD_OUT_SHARE = 0.05


@dataclass(frozen=True)
class Span:
    """One episode in the arrays.

    Attributes:
        first: Its first frame.
        length: Number of frames.
        task: Instruction.
        is_held_out: Whether it is for validation only.
    """

    first: int
    length: int
    task: str
    is_held_out: bool


class Frames:
    """The arrays of a dataset, F frames of all episodes one after the other.

    Args:
        directory: Where `unpack` has put them.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        index = json.loads((directory / _INDEX).read_text())
        self.spans = tuple(Span(**span) for span in index["spans"])
        self.views: tuple[str, ...] = tuple(index["views"])
        self.dataset: str = index["dataset"]

    def __len__(self) -> int:
        """Return the number of frames F."""
        return sum(span.length for span in self.spans)

    @cached_property
    def state(self) -> NDArray[np.float32]:
        """Joint positions [rad], (F, J)."""
        return np.load(self.directory / "state.npy", mmap_mode="r")

    @cached_property
    def action(self) -> NDArray[np.float32]:
        """Joint targets [rad], (F, J)."""
        return np.load(self.directory / "action.npy", mmap_mode="r")

    @cached_property
    def truth(self) -> NDArray[np.float32]:
        """Ground truth of the scene, (F, S)."""
        return np.load(self.directory / _TRUTH, mmap_mode="r")

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """Pictures, (F, V, H, W, 3) RGB."""
        return np.load(self.directory / "images.npy", mmap_mode="r")

    def of(self, *, held_out: bool) -> tuple[Span, ...]:
        """Return the episodes for validation, or those for training."""
        return tuple(span for span in self.spans if span.is_held_out == held_out)


def unpack(
    dataset: Path, directory: Path, report: Callable[[int, int], None] = lambda done, total: None
) -> Frames:
    """Unpack a dataset, or return what an earlier call has unpacked of the same one.

    Args:
        dataset: Folder of a LeRobot dataset.
        directory: Where the arrays go; 28 kB per frame and 96-pixel view.
        report: Called with the episodes done and their total.

    Raises:
        DatasetError: The dataset cannot be read.
        TrainingError: `directory` holds another dataset, or has no room for this one; or a picture is black,
            or of another size than the dataset says.
    """
    identity = hashlib.sha256(
        (dataset / layout.INFO).read_bytes() + (dataset / layout.STATS).read_bytes()
    ).hexdigest()
    if (directory / _INDEX).is_file():
        found = Frames(directory)
        if found.dataset != identity:
            raise TrainingError(
                f"{directory} holds the frames of another dataset than {dataset}; remove it, or use "
                "another folder."
            )
        return found
    reader = LeRobotReader(dataset)
    try:
        with whole_folder(directory) as partial:
            _write_columns(reader, partial)
            _write_images(reader, partial, report)
            index = {"dataset": identity, "views": reader.views, "spans": _spans(reader)}
            (partial / _INDEX).write_text(json.dumps(index))
    except OSError as error:
        raise TrainingError(
            f"{dataset} could not be unpacked to {directory} ({error}); free some space and start again."
        ) from error
    return Frames(directory)


def _write_columns(reader: LeRobotReader, directory: Path) -> None:
    for name, key in _COLUMNS.items():
        if key not in reader.features:
            continue
        parts = [reader.column(index, key).astype(np.float32) for index in range(len(reader))]
        np.save(directory / f"{name}.npy", np.concatenate(parts))


def _write_images(reader: LeRobotReader, directory: Path, report: Callable[[int, int], None]) -> None:
    height, width, _ = reader.features[layout.image_key(reader.views[0])]["shape"]
    shape = (reader.info["total_frames"], len(reader.views), height, width, 3)
    images = new_array(directory / "images.npy", np.uint8, shape)
    firsts = np.cumsum([0, *(entry.length for entry in reader.episodes)])

    def decode(index: int) -> None:
        for place, view in enumerate(reader.views):
            for number, picture in enumerate(reader.frames(index, view), start=int(firsts[index])):
                fault = fault_of(picture, images.shape[2:])
                if fault:
                    raise TrainingError(f"{reader.root}: episode {index}, view {view}: {fault}")
                images[number, place] = picture

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, _ in enumerate(pool.map(decode, range(len(reader))), start=1):
            report(done, len(reader))
    images.flush()


def _spans(reader: LeRobotReader) -> list[dict[str, object]]:
    spans, first = [], 0
    for entry in reader.episodes:
        content = reader.column(entry.index, layout.ACTION).tobytes()
        share = int.from_bytes(hashlib.sha256(content).digest()[:4], "big") / 2**32
        held_out = share < _HELD_OUT_SHARE
        spans.append({"first": first, "length": entry.length, "task": entry.task, "is_held_out": held_out})
        first += entry.length
    return spans
