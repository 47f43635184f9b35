"""Makes a LeRobot dataset, v3.0 or v2.1, of staged episodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dexora_train.data import layout
from dexora_train.data.columns import as_array
from dexora_train.data.errors import DatasetError
from dexora_train.data.packing import EpisodePlace, pack_v2, pack_v3
from dexora_train.data.staging import StagedEpisode
from dexora_train.data.statistics import Stats, as_lists, merged, stats_of
from dexora_train.whole_folder import whole_folder

_PANDAS = {
    "index_columns": ["__index_level_0__"],
    "column_indexes": [],
    "columns": [
        {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64"},
        {"name": None, "field_name": "__index_level_0__", "pandas_type": "unicode", "numpy_type": "object"},
    ],
    "pandas_version": "2.0.0",
}


@dataclass(frozen=True)
class DatasetPlan:
    """What a dataset is.

    Attributes:
        robot: Name of the robot.
        rate_hz: Frames per second.
        features: As `layout.features_of` gives them.
        version: Version of the format.
        about: Further facts for `info.json`, such as the contract's hash; plain data.
    """

    robot: str
    rate_hz: int
    features: dict[str, dict[str, Any]]
    version: layout.Version = layout.V3
    about: dict[str, Any] | None = None


def write_dataset(root: Path, plan: DatasetPlan, episodes: Sequence[StagedEpisode]) -> None:
    """Write a dataset; an earlier one at the same place is replaced only when the new one is complete.

    Args:
        root: Folder of the dataset.
        plan: What it is.
        episodes: At least one.

    Raises:
        DatasetError: There are no episodes, or the disk cannot be written.
    """
    if not episodes:
        raise DatasetError(f"{root}: no episodes to write; collect some first.")
    try:
        with whole_folder(root) as building:
            _write(building, plan, episodes)
    except OSError as error:
        raise DatasetError(
            f"{root} could not be written ({error}); free some space and start again: the staged episodes "
            "are kept."
        ) from error


def _write(root: Path, plan: DatasetPlan, episodes: Sequence[StagedEpisode]) -> None:
    tasks = list(dict.fromkeys(episode.task for episode in episodes))
    tables = _tables(plan, episodes, tasks)
    pack = pack_v3 if plan.version is layout.V3 else pack_v2
    places = pack(root, plan.rate_hz, layout.video_keys(plan.features), tables, episodes)
    each = [_episode_stats(table, episode) for table, episode in zip(tables, episodes, strict=True)]
    if plan.version is layout.V3:
        _write_meta_v3(root, tasks, episodes, places, each)
    else:
        _write_meta_v2(root, tasks, episodes, each)
    total = _total_stats(plan, tables, each)
    (root / layout.STATS).write_text(json.dumps(as_lists(total), indent=1))
    (root / layout.INFO).write_text(json.dumps(_info(plan, episodes, tasks), indent=2))


def _tables(plan: DatasetPlan, episodes: Sequence[StagedEpisode], tasks: list[str]) -> list[pa.Table]:
    """Add the index columns to each episode's frames."""
    tables, start = [], 0
    for number, episode in enumerate(episodes):
        table = episode.table()
        count = len(table)
        frame = np.arange(count)
        added = {
            "timestamp": (frame / plan.rate_hz).astype(np.float32),
            "frame_index": frame,
            "episode_index": np.full(count, number),
            "index": start + frame,
            "task_index": np.full(count, tasks.index(episode.task)),
        }
        for name, values in added.items():
            table = table.append_column(name, pa.array(values))
        tables.append(table)
        start += count
    return tables


def _episode_stats(table: pa.Table, episode: StagedEpisode) -> dict[str, Stats]:
    stats = {name: stats_of(as_array(table[name])) for name in table.column_names}
    pictures = {
        key: {name: np.array(value) for name, value in part.items()}
        for key, part in episode.image_stats.items()
    }
    return stats | pictures


def _total_stats(
    plan: DatasetPlan, tables: Sequence[pa.Table], each: Sequence[dict[str, Stats]]
) -> dict[str, Stats]:
    whole = pa.concat_tables(tables)
    total = {name: stats_of(as_array(whole[name])) for name in whole.column_names}
    for key in layout.video_keys(plan.features):
        total[key] = merged([stats[key] for stats in each])
    return total


def _info(plan: DatasetPlan, episodes: Sequence[StagedEpisode], tasks: list[str]) -> dict[str, Any]:
    videos = layout.video_keys(plan.features)
    info = {
        "codebase_version": plan.version.name,
        "robot_type": plan.robot,
        "total_episodes": len(episodes),
        "total_frames": sum(episode.length for episode in episodes),
        "total_tasks": len(tasks),
        "chunks_size": layout.CHUNK_SIZE,
        "fps": plan.rate_hz,
        "splits": {"train": f"0:{len(episodes)}"},
        "data_path": plan.version.data_path,
        "video_path": plan.version.video_path if videos else None,
        "features": plan.features,
        **(plan.about or {}),
    }
    if plan.version is layout.V3:
        sizes = {"data_files_size_in_mb": layout.DATA_FILE_MB, "video_files_size_in_mb": layout.VIDEO_FILE_MB}
        return info | sizes
    chunks = -(-len(episodes) // layout.CHUNK_SIZE)
    return info | {"total_videos": len(videos) * len(episodes), "total_chunks": chunks}


def _write_meta_v3(
    root: Path,
    tasks: list[str],
    episodes: Sequence[StagedEpisode],
    places: Sequence[EpisodePlace],
    each: Sequence[dict[str, Stats]],
) -> None:
    rows, start = [], 0
    place = layout.chunk_and_file(0)
    for number, (episode, where, stats) in enumerate(zip(episodes, places, each, strict=True)):
        row: dict[str, Any] = {"episode_index": number, "tasks": [episode.task], "length": episode.length}
        row |= where.columns() | {"dataset_from_index": start, "dataset_to_index": start + episode.length}
        start += episode.length
        for key, part in as_lists(stats).items():
            row |= {f"stats/{key}/{name}": value for name, value in part.items()}
        row |= {f"meta/episodes/{name}": value for name, value in place.items()}
        row["source"] = json.dumps(episode.source)
        rows.append(row)
    path = layout.prepared(root / layout.V3.episodes.format(**place))
    pq.write_table(pa.Table.from_pylist(rows), path)
    table = pa.table({"task_index": list(range(len(tasks))), "__index_level_0__": tasks})
    metadata = {b"pandas": json.dumps(_PANDAS).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), layout.prepared(root / layout.V3.tasks))


def _write_meta_v2(
    root: Path, tasks: list[str], episodes: Sequence[StagedEpisode], each: Sequence[dict[str, Stats]]
) -> None:
    _write_lines(
        root / layout.V2.tasks, [{"task_index": number, "task": task} for number, task in enumerate(tasks)]
    )
    about = [
        {"episode_index": n, "tasks": [episode.task], "length": episode.length, "source": episode.source}
        for n, episode in enumerate(episodes)
    ]
    _write_lines(root / layout.V2.episodes, about)
    stats = [{"episode_index": n, "stats": as_lists(part)} for n, part in enumerate(each)]
    _write_lines(root / layout.EPISODES_STATS_V2, stats)


def _write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    layout.prepared(path).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
