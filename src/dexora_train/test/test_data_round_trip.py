"""Pins that what was recorded is read back bit for bit, in both versions of the format, and its schema."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from dexora_train.data import layout, packing, video
from dexora_train.data.episode import RecordedEpisode
from dexora_train.data.errors import DatasetError
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.staging import Staging
from dexora_train.data.statistics import image_stats, merged, stats_of
from dexora_train.data.writer import write_dataset

VERSIONS = pytest.mark.parametrize("version", layout.VERSIONS.values(), ids=layout.VERSIONS)


@VERSIONS
def test_everything_is_read_back_bit_for_bit(dataset, staged, version):
    reader = LeRobotReader(dataset(version))
    assert len(reader) == len(staged[1])
    for index, episode in enumerate(staged[1]):
        assert reader.episodes[index].task == episode.task
        assert reader.episodes[index].source == episode.source
        for name, values in ((layout.STATE, episode.state), (layout.ACTION, episode.action)):
            read = reader.column(index, name)
            assert read.dtype == np.float32
            assert np.array_equal(read, values)
        assert np.array_equal(reader.column(index, layout.TRUTH), episode.truth)
        for view, pictures in episode.images.items():
            assert np.array_equal(np.stack(list(reader.frames(index, view))), pictures)


@VERSIONS
def test_index_columns_number_every_frame(dataset, version):
    reader = LeRobotReader(dataset(version))
    index = np.concatenate([reader.column(k, "index") for k in range(len(reader))])
    assert np.array_equal(index, np.arange(reader.info["total_frames"]))
    assert np.allclose(reader.column(1, "timestamp"), np.arange(13) / 20)
    assert set(reader.column(2, "episode_index")) == {2}


def test_files_split_at_their_size_and_read_back(dataset, staged, monkeypatch):
    monkeypatch.setattr(packing, "VIDEO_FILE_MB", 0.05)
    monkeypatch.setattr(packing, "DATA_FILE_MB", 0.004)
    root = dataset()
    assert len(list(root.glob("videos/*top/*/*.mp4"))) > 1
    assert len(list(root.glob("data/*/*.parquet"))) > 1
    reader = LeRobotReader(root)
    for index, episode in enumerate(staged[1]):
        assert np.array_equal(reader.column(index, layout.ACTION), episode.action)
        assert np.array_equal(np.stack(list(reader.frames(index, "top"))), episode.images["top"])


def test_tables_have_the_columns_of_the_format(dataset):
    root = dataset()
    info = json.loads((root / layout.INFO).read_text())
    assert info["codebase_version"] == "v3.0"
    assert info["splits"] == {"train": "0:3"}
    frames = pq.read_table(root / "data/chunk-000/file-000.parquet")
    assert frames.schema.field(layout.STATE).type.list_size == 36
    episodes = pq.read_table(root / "meta/episodes/chunk-000/file-000.parquet")
    key = "videos/observation.images.top"
    wanted = {"episode_index", "tasks", "length", "data/chunk_index", "data/file_index"}
    wanted |= {"dataset_from_index", "dataset_to_index", f"{key}/from_timestamp", f"{key}/to_timestamp"}
    wanted |= {f"{key}/chunk_index", f"{key}/file_index", "stats/action/mean", "meta/episodes/file_index"}
    assert wanted <= set(episodes.column_names)
    tasks = pq.read_table(root / "meta/tasks.parquet")
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["__index_level_0__"]


def test_statistics_are_those_of_all_frames(dataset, staged):
    reader = LeRobotReader(dataset())
    actions = np.concatenate([episode.action for episode in staged[1]])
    assert np.allclose(reader.stats[layout.ACTION]["q99"], np.quantile(actions, 0.99, axis=0))
    assert np.allclose(reader.stats[layout.ACTION]["std"], actions.std(axis=0), atol=1e-6)
    assert reader.stats["observation.images.top"]["mean"].shape == (3, 1, 1)


def test_statistics_of_pictures_are_those_of_all_pixels():
    pictures = np.random.default_rng(2).integers(0, 200, (7, 5, 6, 3), dtype=np.uint8) // (1, 2, 5)
    got, want = image_stats(iter(pictures)), stats_of(pictures.reshape(-1, 3) / 255.0)
    assert got.pop("count") == [7]
    assert got.keys() == want.keys() - {"count"}
    for name, values in got.items():
        assert values.shape == (3, 1, 1)
        assert np.allclose(values.reshape(3), want[name])


def test_every_picture_of_an_episode_counts(staged):
    episode = staged[0].episodes()[1]
    (stats,) = (episode.image_stats[key] for key in episode.image_stats if key.endswith("top"))
    assert stats["count"] == [13]
    assert np.allclose(np.ravel(stats["mean"]), staged[1][1].images["top"].mean(axis=(0, 1, 2)) / 255.0)


def test_merged_statistics_are_exact_where_they_can_be():
    rng = np.random.default_rng(1)
    parts = [rng.normal(size=(n, 3)) for n in (5, 50, 20)]
    got, want = merged([stats_of(part) for part in parts]), stats_of(np.concatenate(parts))
    for name in ("min", "max", "mean", "std", "count"):
        assert np.allclose(got[name], want[name])


def test_failed_write_leaves_the_earlier_dataset(dataset, staged, plan_of, monkeypatch):
    root = dataset()
    before = (root / layout.INFO).read_text()
    monkeypatch.setattr(packing, "join_videos", _disk_full)
    with pytest.raises(DatasetError, match="free some space and start again"):
        write_dataset(root, plan_of(layout.V3), staged[0].episodes()[:1])
    assert (root / layout.INFO).read_text() == before
    assert [path.name for path in root.parent.iterdir()] == ["dataset"]


def test_full_disk_in_an_episode_leaves_the_others(tmp_path, staged, monkeypatch):
    staging = Staging(tmp_path / "s", 20)
    staging.add("a", staged[1][0])
    monkeypatch.setattr("dexora_train.data.staging.write_video", _disk_full)
    with pytest.raises(DatasetError, match="what was finished is kept"):
        staging.add("b", staged[1][1])
    assert staging.names() == {"a"}
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["a"]


def _disk_full(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"action": np.zeros((3, 36), np.float32)}, "action has 3 frames, the state has 12"),
        ({"state": np.full((12, 36), np.nan, np.float32)}, "state of frame 0 is not finite"),
        ({"task": "  "}, "has no task"),
    ],
)
def test_unusable_episode_is_refused(staged, change, text):
    good = staged[1][0]
    fields = {name: getattr(good, name) for name in ("task", "state", "action", "images", "truth")} | change
    with pytest.raises(DatasetError, match=text):
        RecordedEpisode(**fields)


def test_video_that_ends_early_is_told(tmp_path, staged):
    video.write_video(tmp_path / "a.mp4", list(staged[1][0].images["top"]), 20)
    with pytest.raises(DatasetError, match="ends after 4 of 9 frames from number 8"):
        list(video.read_frames(tmp_path / "a.mp4", 8, 9))


def test_small_videos_are_close_to_what_was_seen(tmp_path):
    ramp = np.linspace(0, 200, 64, dtype=np.uint8)
    picture = np.stack([np.tile(ramp, (64, 1))] * 3, axis=2)
    video.write_video(tmp_path / "a.mp4", [picture] * 4, 20, is_lossless=False)
    read = next(iter(video.read_frames(tmp_path / "a.mp4")))
    assert np.abs(read.astype(int) - picture).max() < 16
