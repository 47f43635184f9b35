"""Pins that every spoiled dataset is found, with file and row, and that a good one is not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dexora_train.data import layout
from dexora_train.data.check import check_dataset
from dexora_train.data.columns import as_array, as_column
from dexora_train.data.errors import DatasetError
from dexora_train.data.finding import Severity
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.video import read_frames, write_video
from dexora_train.data.writer import write_dataset

DATA = "data/chunk-000/episode_{:06d}.parquet"
VIDEO = "videos/chunk-000/observation.images.{}/episode_{:06d}.mp4"


def spoil_info(**changes):
    def spoil(root):
        info = json.loads((root / layout.INFO).read_text()) | changes
        (root / layout.INFO).write_text(json.dumps(info))
        return layout.INFO, None

    return spoil


def spoil_feature(key, found=layout.INFO, **changes):
    def spoil(root):
        info = json.loads((root / layout.INFO).read_text())
        info["features"][key] = info["features"][key] | changes
        (root / layout.INFO).write_text(json.dumps(info))
        return found, None

    return spoil


def spoil_cell(name, episode, row, value, column=None, found_row=None):
    def spoil(root):
        path = root / DATA.format(episode)
        table = pq.read_table(path)
        values = as_array(table[name]).copy()
        values[(row,) if column is None else (row, column)] = value
        new = pa.array(values) if values.ndim == 1 else as_column(values)
        table = table.set_column(table.column_names.index(name), name, new)
        pq.write_table(table, path)
        return DATA.format(episode), row if found_row is None else found_row

    return spoil


def spoil_rows(episode, change, row):
    def spoil(root):
        path = root / DATA.format(episode)
        table = pq.read_table(path)
        pq.write_table(table.take(pa.array(change(len(table)))), path)
        return DATA.format(episode), row

    return spoil


def without_column(name, episode):
    def spoil(root):
        path = root / DATA.format(episode)
        pq.write_table(pq.read_table(path).drop_columns([name]), path)
        return DATA.format(episode), None

    return spoil


def spoil_lists(name, episode, row, value, width):
    """Replace a row of a column of lists, of one fixed width or of any."""

    def spoil(root):
        path = root / DATA.format(episode)
        table = pq.read_table(path)
        rows = [*table[name].to_pylist()]
        rows[row] = value
        new = pa.array(rows, pa.list_(pa.float32(), width))
        pq.write_table(table.set_column(table.column_names.index(name), name, new), path)
        return DATA.format(episode), row

    return spoil


def without_frames(episode):
    def spoil(root):
        path = root / layout.V2.episodes
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        length, rows[episode]["length"] = rows[episode]["length"], 0
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        info = json.loads((root / layout.INFO).read_text())
        info["total_frames"] -= length
        (root / layout.INFO).write_text(json.dumps(info))
        return DATA.format(episode), 0

    return spoil


def without_feature(key):
    def spoil(root):
        info = json.loads((root / layout.INFO).read_text())
        del info["features"][key]
        (root / layout.INFO).write_text(json.dumps(info))
        return layout.INFO, None

    return spoil


def remove(file):
    def spoil(root):
        (root / file).unlink()
        return file, None

    return spoil


def cut(file, share):
    def spoil(root):
        content = (root / file).read_bytes()
        (root / file).write_bytes(content[: int(len(content) * share)])
        return file, None

    return spoil


def film(view, episode, change, row):
    def spoil(root):
        path = root / VIDEO.format(view, episode)
        write_video(path, change(list(read_frames(path))), 20)
        return VIDEO.format(view, episode), row

    return spoil


def spoil_stats(key, name, column, value):
    def spoil(root):
        stats = json.loads((root / layout.STATS).read_text())
        stats[key][name][column] = value
        (root / layout.STATS).write_text(json.dumps(stats))
        return layout.STATS, column

    return spoil


def without_stats(key):
    def spoil(root):
        stats = json.loads((root / layout.STATS).read_text())
        del stats[key]
        (root / layout.STATS).write_text(json.dumps(stats))
        return layout.STATS, None

    return spoil


def spoil_lines(file, text):
    def spoil(root):
        (root / file).write_text(text)
        return layout.INFO, None

    return spoil


JOINTS = [f"joint_{k}" for k in range(36)]
MUTANTS = {
    "other version": spoil_info(codebase_version="v1.6"),
    "wrong rate": spoil_info(fps=30),
    "other robot": spoil_info(robot_type="aloha"),
    "more episodes promised": spoil_info(total_episodes=4),
    "fewer episodes promised": spoil_info(total_episodes=2),
    "more frames promised": spoil_info(total_frames=1000),
    "no features": spoil_info(features={}),
    "39 joints": spoil_feature(layout.STATE, names=[*JOINTS, "a", "b", "c"], shape=[39]),
    "no joint names": spoil_feature(layout.ACTION, names=None),
    "other joint names": spoil_feature(layout.ACTION, names=JOINTS),
    "wrong shape of the state": spoil_feature(layout.STATE, shape=[35]),
    "wrong picture size": spoil_feature("observation.images.top", VIDEO.format("top", 0), shape=[64, 64, 3]),
    "info gone": remove(layout.INFO),
    "info cut": cut(layout.INFO, 0.5),
    "episodes gone": spoil_lines(layout.V2.episodes, ""),
    "episodes broken": spoil_lines(layout.V2.episodes, "{"),
    "statistics gone": remove(layout.STATS),
    "statistics cut": cut(layout.STATS, 0.7),
    "no statistics of actions": without_stats(layout.ACTION),
    "no statistics of states": without_stats(layout.STATE),
    **{
        f"statistics {name} of {key} off": spoil_stats(key, name, 7, value)
        for key in (layout.STATE, layout.ACTION)
        for name, value in (("q01", -9.0), ("q99", 9.0), ("mean", 1e9), ("std", float("nan")), ("max", 0.77))
    },
    **{f"table {episode} gone": remove(DATA.format(episode)) for episode in range(3)},
    **{f"table cut at {share}": cut(DATA.format(1), share) for share in (0.0, 0.2, 0.6, 0.99)},
    **{
        f"{name} gone": without_column(name, 1)
        for name in (layout.STATE, layout.ACTION, "timestamp", "index")
    },
    "NaN in a state": spoil_cell(layout.STATE, 1, 5, np.nan, 3),
    "infinity in an action": spoil_cell(layout.ACTION, 2, 0, np.inf, 35),
    "NaN in the time": spoil_cell("timestamp", 0, 11, np.nan),
    "time goes back": spoil_cell("timestamp", 0, 6, 0.1),
    "time stands still": spoil_cell("timestamp", 2, 4, 0.15),
    "late stamp": spoil_cell("timestamp", 1, 3, 0.17),
    "frame numbered twice": spoil_cell("frame_index", 1, 8, 7),
    "index jumps": spoil_cell("index", 1, 9, 500),
    "foreign frame": spoil_cell("episode_index", 2, 2, 0),
    "other task in between": spoil_cell("task_index", 2, 13, 7),
    "frame twice": spoil_rows(1, lambda n: [0, 1, 2, 2, *range(4, n)], 3),
    "frames exchanged": spoil_rows(0, lambda n: [1, 0, *range(2, n)], 0),
    "frames missing": spoil_rows(2, lambda n: list(range(n - 3)), None),
    "35 numbers in a row": spoil_lists(layout.STATE, 1, 4, [0.0] * 35, -1),
    "no numbers in a row": spoil_lists(layout.ACTION, 2, 6, None, 36),
    "episode without frames": without_frames(1),
    "no feature of the time": without_feature("timestamp"),
    "degrees for radians": spoil_cell(layout.ACTION, 0, 4, 90.0, 2),
    "state far outside": spoil_cell(layout.STATE, 0, 10, -4.0, 20),
    **{f"video of {v} gone": remove(VIDEO.format(v, 1)) for v in ("top", "wrist_left")},
    **{f"video cut at {share}": cut(VIDEO.format("top", 0), share) for share in (0.0, 0.3, 0.9)},
    "pictures missing": film("top", 2, lambda frames: frames[:-2], None),
    "one picture too many": film("wrist_left", 2, lambda frames: [*frames, frames[-1]], None),
    "black picture": film("top", 1, lambda f: [*f[:5], np.zeros_like(f[5]), *f[6:]], 5),
    "video of another size": film("top", 0, lambda f: [np.tile(p, (2, 2, 1)) for p in f], 0),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory, staged, plan_of):
    root = tmp_path_factory.mktemp("good") / "dataset"
    write_dataset(root, plan_of(layout.V2), staged[0].episodes())
    return root


def test_there_are_sixty_mutants():
    assert len(MUTANTS) >= 60


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (layout.INFO, '{"codebase_version": "v2.1", "features": [], "fps": 20}'),
        (layout.STATS, '{"action": 1}'),
    ],
)
def test_file_of_another_kind_is_a_finding(tmp_path, good, contract, file, text):
    root = tmp_path / "dataset"
    shutil.copytree(good, root)
    (root / file).write_text(text)
    assert file in {finding.file for finding in check_dataset(root, contract, does_decode=False)}


@pytest.mark.parametrize("name", MUTANTS)
def test_spoiled_dataset_is_found_with_file_and_row(tmp_path, good, contract, name):
    root = tmp_path / "dataset"
    shutil.copytree(good, root)
    file, row = MUTANTS[name](root)
    errors = [f for f in check_dataset(root, contract) if f.severity is Severity.ERROR]
    assert errors, f"{name} was not found"
    assert any(f.file == file and (row is None or f.row == row) for f in errors), [str(f) for f in errors]


@pytest.mark.parametrize("version", layout.VERSIONS.values(), ids=layout.VERSIONS)
def test_good_dataset_has_no_findings(dataset, contract, version):
    assert check_dataset(dataset(version), contract) == []


def test_uneven_column_is_told_by_the_reader(tmp_path, good):
    root = tmp_path / "dataset"
    shutil.copytree(good, root)
    MUTANTS["35 numbers in a row"](root)
    with pytest.raises(
        DatasetError, match=r"episode_000001.parquet: observation.state of row 4 holds 35 num"
    ):
        LeRobotReader(root).column(1, layout.STATE)


def test_repeated_episode_is_told(tmp_path, staged, plan_of, contract):
    episodes = staged[0].episodes()
    write_dataset(tmp_path / "d", plan_of(layout.V3), [*episodes, episodes[1]])
    told = [str(finding) for finding in check_dataset(tmp_path / "d", contract)]
    assert any("episode 3 repeats episode 1" in line for line in told)


def test_folder_without_a_dataset_is_told(tmp_path, contract):
    (finding,) = check_dataset(tmp_path, contract)
    assert "is this the folder of a dataset?" in finding.what


def test_frozen_camera_is_a_warning(tmp_path, good, contract):
    root = tmp_path / "dataset"
    shutil.copytree(good, root)
    state = np.repeat(np.asarray(contract.home_rad, np.float32)[None], 12, axis=0)
    state[:, 4] += np.linspace(0.0, 0.5, 12, dtype=np.float32)
    path = root / DATA.format(0)
    table = pq.read_table(path)
    pq.write_table(
        table.set_column(table.column_names.index(layout.STATE), layout.STATE, as_column(state)), path
    )
    film("top", 0, lambda frames: [frames[0]] * 12, None)(root)
    warnings = [f for f in check_dataset(root, contract) if f.severity is Severity.WARNING]
    assert any(
        "was the camera frozen?" in f.what and Path(f.file).name == "episode_000000.mp4" for f in warnings
    )
