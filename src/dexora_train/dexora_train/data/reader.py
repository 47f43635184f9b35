"""Reads LeRobot datasets, v3.0 and v2.1, episode by episode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dexora_train.data import layout
from dexora_train.data.columns import UnevenColumnError, as_array
from dexora_train.data.errors import DatasetError
from dexora_train.data.statistics import remedy
from dexora_train.data.video import Picture, read_frames

MALFORMED = (AttributeError, KeyError, TypeError, ValueError, IndexError)
"""What reading raises where a file holds something else than the format says."""


@dataclass(frozen=True)
class EpisodeEntry:
    """Where an episode is.

    Attributes:
        index: Its number.
        task: Instruction.
        length: Number of frames.
        data: Table that holds its frames.
        first_row: Number of its first frame in that table.
        videos: File of each video feature.
        first_frames: Number of its first picture in each of these files.
        source: Where it comes from; empty when the dataset does not say.
    """

    index: int
    task: str
    length: int
    data: Path
    first_row: int
    videos: dict[str, Path]
    first_frames: dict[str, int]
    source: dict[str, Any]


class LeRobotReader:
    """A dataset on disk.

    Args:
        root: Folder of the dataset.

    Raises:
        DatasetError: It is missing, of an unknown version, or its tables contradict each other.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info = _json(root / layout.INFO)
        name = self.info.get("codebase_version")
        if name not in layout.VERSIONS:
            raise DatasetError(
                f"{root / layout.INFO}: codebase_version is {name!r}, must be one of "
                f"{', '.join(layout.VERSIONS)}; convert the dataset with the lerobot package first."
            )
        self.version = layout.VERSIONS[name]
        self._newest: tuple[Path, pa.Table] | None = None
        try:
            self.features: dict[str, dict[str, Any]] = self.info["features"]
            self.rate_hz = int(self.info["fps"])
            self.episodes = self._entries_v3() if self.version is layout.V3 else self._entries_v2()
        except MALFORMED as error:
            raise DatasetError(
                f"{root}: meta is not as the format {name} has it ({type(error).__name__}: {error}); write "
                "the dataset anew."
            ) from error

    def __len__(self) -> int:
        """Return the number of episodes."""
        return len(self.episodes)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the columns of state and action.

        Raises:
            DatasetError: The dataset does not name them.
        """
        names = self.features.get(layout.ACTION, {}).get("names")
        if not isinstance(names, list):
            raise DatasetError(
                f"{self.root / layout.INFO}: the names of {layout.ACTION} are {names}, must be a list."
            )
        return tuple(names)

    @property
    def views(self) -> tuple[str, ...]:
        """Camera views."""
        return tuple(key.removeprefix(layout.IMAGE_PREFIX) for key in layout.video_keys(self.features))

    @cached_property
    def stats(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """Statistics over all frames by feature.

        Raises:
            DatasetError: Their file is missing or broken.
        """
        path = self.root / layout.STATS
        try:
            return {
                key: {name: np.array(values, np.float64) for name, values in part.items()}
                for key, part in json.loads(path.read_text()).items()
            }
        except (OSError, AttributeError, TypeError, ValueError) as error:
            raise DatasetError(f"{path}: cannot be read ({error}); {remedy(self.root)}") from error

    def table(self, index: int) -> pa.Table:
        """Return all columns of an episode's frames.

        Raises:
            DatasetError: The file is missing or shorter than the episode.
        """
        entry = self.episodes[index]
        if self._newest is None or self._newest[0] != entry.data:
            self._newest = (entry.data, _table(entry.data))  # many episodes share a file
        table = self._newest[1].slice(entry.first_row, entry.length)
        if len(table) != entry.length:
            raise DatasetError(
                f"{entry.data}: holds {len(table)} of {entry.length} rows of episode {index}; collect it "
                "anew."
            )
        return table

    def column(self, index: int, name: str) -> NDArray[Any]:
        """Return a column of an episode, (T, D) for lists and (T,) for numbers.

        Raises:
            DatasetError: There is no such column, or it is uneven.
        """
        entry, table = self.episodes[index], self.table(index)
        if name not in table.column_names:
            raise DatasetError(
                f"{entry.data}: has no column {name!r}; there are {', '.join(table.column_names)}."
            )
        try:
            return as_array(table[name])
        except UnevenColumnError as error:
            row = entry.first_row + error.row
            raise DatasetError(f"{entry.data}: {name} of row {row} {error}") from error

    def frames(self, index: int, view: str) -> Iterator[Picture]:
        """Yield the pictures of a view in an episode, (H, W, 3) uint8 RGB.

        Raises:
            DatasetError: The video is missing, broken or too short.
        """
        entry = self.episodes[index]
        key = layout.image_key(view)
        if key not in entry.videos:
            raise DatasetError(f"{self.root}: has no view {view!r}; there are {', '.join(self.views)}.")
        return read_frames(entry.videos[key], entry.first_frames[key], entry.length)

    def _entries_v3(self) -> list[EpisodeEntry]:
        rows: list[dict[str, Any]] = []
        for path in sorted((self.root / "meta/episodes").glob("*/*.parquet")):
            table = _table(path)
            wanted = [name for name in table.column_names if not name.startswith("stats/")]
            rows.extend(table.select(wanted).to_pylist())
        rows.sort(key=lambda row: row["episode_index"])
        starts: dict[tuple[int, int], int] = {}
        entries = []
        for row in rows:
            place = (row["data/chunk_index"], row["data/file_index"])
            first_row = starts.setdefault(place, 0)
            starts[place] += row["length"]
            videos, firsts = {}, {}
            for key in layout.video_keys(self.features):
                where = {name: row[f"videos/{key}/{name}"] for name in ("chunk_index", "file_index")}
                videos[key] = self.root / self.version.video_path.format(video_key=key, **where)
                firsts[key] = round(row[f"videos/{key}/from_timestamp"] * self.rate_hz)
            data = self.root / self.version.data_path.format(chunk_index=place[0], file_index=place[1])
            source = json.loads(row.get("source") or "{}")
            task = row["tasks"][0]
            entries.append(
                EpisodeEntry(
                    row["episode_index"], task, row["length"], data, first_row, videos, firsts, source
                )
            )
        return self._checked(entries)

    def _entries_v2(self) -> list[EpisodeEntry]:
        entries = []
        for row in _lines(self.root / self.version.episodes):
            place = layout.episode_place(row["episode_index"])
            videos = {
                key: self.root / self.version.video_path.format(video_key=key, **place)
                for key in layout.video_keys(self.features)
            }
            data = self.root / self.version.data_path.format(**place)
            source = row.get("source") or {}
            firsts = dict.fromkeys(videos, 0)
            entries.append(
                EpisodeEntry(
                    row["episode_index"], row["tasks"][0], row["length"], data, 0, videos, firsts, source
                )
            )
        return self._checked(entries)

    def _checked(self, entries: list[EpisodeEntry]) -> list[EpisodeEntry]:
        numbers = [entry.index for entry in entries]
        if numbers != list(range(self.info["total_episodes"])):
            raise DatasetError(
                f"{self.root}: info.json promises {self.info['total_episodes']} episodes, the table of "
                f"episodes lists {len(numbers)}; the dataset was not written to its end."
            )
        return entries


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); is this the folder of a dataset?") from error
    if not isinstance(value, dict):
        raise DatasetError(f"{path}: holds a {type(value).__name__}, must be an object.")
    return value


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text().splitlines() if line]
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); is the dataset complete?") from error


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); is the dataset complete?") from error
