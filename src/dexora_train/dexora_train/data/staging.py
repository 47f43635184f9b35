"""Episodes on disk before they become a dataset: each complete or absent, so that one can resume."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dexora_train.data.columns import as_column
from dexora_train.data.episode import RecordedEpisode
from dexora_train.data.errors import DatasetError
from dexora_train.data.layout import ACTION, STATE, TRUTH, image_key
from dexora_train.data.statistics import as_lists, image_stats
from dexora_train.data.video import write_video
from dexora_train.whole_file import write_whole

FRAMES, EPISODE = "frames.parquet", "episode.json"


@dataclass(frozen=True)
class StagedEpisode:
    """A complete episode in the staging folder.

    Attributes:
        directory: Its folder.
        task: Instruction.
        length: Number of frames.
        source: Where it comes from.
        image_stats: Statistics of each view's pictures, by feature, as plain lists.
    """

    directory: Path
    task: str
    length: int
    source: dict[str, Any]
    image_stats: dict[str, dict[str, Any]]

    def table(self) -> pa.Table:
        """Return the columns of its frames."""
        return pq.read_table(self.directory / FRAMES)

    def video(self, view: str) -> Path:
        """Return the video of a view."""
        return self.directory / f"{view}.mp4"


class Staging:
    """The staging folder of one dataset.

    Args:
        directory: The folder; made when needed.
        rate_hz: Frames per second of everything in it.
        is_lossless: Whether videos are exact.
    """

    def __init__(self, directory: Path, rate_hz: int, *, is_lossless: bool = True) -> None:
        self.directory = directory
        self.rate_hz = rate_hz
        self._is_lossless = is_lossless

    def add(self, name: str, episode: RecordedEpisode) -> None:
        """Write an episode; it is there completely or not at all.

        Raises:
            DatasetError: The disk is full, or cannot be written; nothing earlier is damaged.
        """
        partial = self.directory / f".{name}.{os.getpid()}"
        try:
            partial.mkdir(parents=True)
            self._write(partial, episode)
            partial.replace(self.directory / name)
        except OSError as error:
            raise DatasetError(
                f"episode {name} could not be written to {self.directory} ({error}); free some space and "
                "start again: what was finished is kept."
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _write(self, directory: Path, episode: RecordedEpisode) -> None:
        columns = {STATE: episode.state, ACTION: episode.action, TRUTH: episode.truth}
        arrays = {name: as_column(values) for name, values in columns.items() if values.shape[1]}
        pq.write_table(pa.table(arrays), directory / FRAMES)
        stats = {}
        for view, pictures in episode.images.items():
            write_video(
                directory / f"{view}.mp4", list(pictures), self.rate_hz, is_lossless=self._is_lossless
            )
            stats[image_key(view)] = image_stats(pictures)
        about = {"task": episode.task, "length": len(episode), "source": episode.source}
        (directory / EPISODE).write_text(json.dumps({**about, "image_stats": as_lists(stats)}))

    def note_failure(self, name: str, source: dict[str, Any]) -> None:
        """Remember an attempt that failed, so that it is not made again.

        Raises:
            DatasetError: The disk is full, or cannot be written.
        """
        path = self.directory / ".failed" / f"{name}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(source))
        except OSError as error:
            raise DatasetError(
                f"that {name} failed could not be noted in {self.directory} ({error}); free some space and "
                "start again: what was finished is kept."
            ) from error

    def names(self) -> set[str]:
        """Return the names of everything that was tried, episodes and failures."""
        if not self.directory.is_dir():
            return set()
        failed = {path.stem for path in (self.directory / ".failed").glob("*.json")}
        return failed | {path.name for path in self._complete()}

    def failures(self) -> int:
        """Return how many attempts failed."""
        return sum(1 for _ in (self.directory / ".failed").glob("*.json"))

    def episodes(self) -> list[StagedEpisode]:
        """Return all complete episodes in the order of their names."""
        found = []
        for path in self._complete():
            about = json.loads((path / EPISODE).read_text())
            found.append(StagedEpisode(path, **about))
        return found

    def _complete(self) -> list[Path]:
        if not self.directory.is_dir():
            return []
        return sorted(
            path for path in self.directory.iterdir() if (path / EPISODE).is_file() and path.name[0] != "."
        )
