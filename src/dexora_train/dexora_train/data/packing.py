"""Puts tables and videos of episodes into files: many episodes in one (v3.0) or one file each (v2.1)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dexora_train.data.layout import (
    CHUNK_SIZE,
    DATA_FILE_MB,
    IMAGE_PREFIX,
    V2,
    V3,
    VIDEO_FILE_MB,
    chunk_and_file,
    episode_place,
    prepared,
)
from dexora_train.data.staging import StagedEpisode
from dexora_train.data.video import join_videos

_MB = 1 << 20


@dataclass
class EpisodePlace:
    """Where an episode lies in a dataset of version 3.0.

    Attributes:
        data_file: Number of the file with its frames.
        video_files: Number of the file with each video, by feature.
        spans: Its begin and end in each video [s].
    """

    data_file: int = 0
    video_files: dict[str, int] = field(default_factory=dict)
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """Return the columns of the table of episodes."""
        place = chunk_and_file(self.data_file)
        row: dict[str, Any] = {f"data/{name}": value for name, value in place.items()}
        for key, number in self.video_files.items():
            row |= {f"videos/{key}/{name}": value for name, value in chunk_and_file(number).items()}
            begin_s, end_s = self.spans[key]
            row |= {f"videos/{key}/from_timestamp": begin_s, f"videos/{key}/to_timestamp": end_s}
        return row


def pack_v3(
    root: Path,
    rate_hz: int,
    keys: Sequence[str],
    tables: Sequence[pa.Table],
    episodes: Sequence[StagedEpisode],
) -> list[EpisodePlace]:
    """Write tables and videos; return where each episode lies."""
    places = [EpisodePlace() for _ in episodes]
    for number, group in enumerate(_groups([table.nbytes for table in tables], DATA_FILE_MB)):
        path = prepared(root / V3.data_path.format(**chunk_and_file(number)))
        pq.write_table(pa.concat_tables([tables[member] for member in group]), path)
        for member in group:
            places[member].data_file = number
    for key in keys:
        view = key.removeprefix(IMAGE_PREFIX)
        sizes = [episode.video(view).stat().st_size for episode in episodes]
        for number, group in enumerate(_groups(sizes, VIDEO_FILE_MB)):
            path = prepared(root / V3.video_path.format(video_key=key, **chunk_and_file(number)))
            join_videos([episodes[member].video(view) for member in group], path)
            begin = 0
            for member in group:
                end = begin + episodes[member].length
                places[member].video_files[key] = number
                places[member].spans[key] = (begin / rate_hz, end / rate_hz)
                begin = end
    return places


def _groups(sizes: Sequence[int], limit_mb: int) -> Iterator[list[int]]:
    """Yield runs of members that fit into one file each."""
    group: list[int] = []
    total = 0
    for member, size in enumerate(sizes):
        if group and total + size > limit_mb * _MB:
            yield group
            group, total = [], 0
        group.append(member)
        total += size
    if group:
        yield group


def pack_v2(
    root: Path,
    rate_hz: int,
    keys: Sequence[str],
    tables: Sequence[pa.Table],
    episodes: Sequence[StagedEpisode],
) -> list[EpisodePlace]:
    """Write one table and one video per view for each episode; their places follow from the number."""
    del rate_hz
    for number, (table, episode) in enumerate(zip(tables, episodes, strict=True)):
        place = episode_place(number)
        pq.write_table(table, prepared(root / V2.data_path.format(**place)))
        for key in keys:
            path = prepared(root / V2.video_path.format(video_key=key, **place))
            shutil.copyfile(episode.video(key.removeprefix(IMAGE_PREFIX)), path)
    return [EpisodePlace(number // CHUNK_SIZE) for number in range(len(episodes))]
