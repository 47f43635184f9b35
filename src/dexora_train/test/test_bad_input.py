"""Pins that bad data, full disks and changed settings are refused, and that nothing earlier suffers."""

import errno
import json
import resource
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from accelerate import Accelerator
from dexora_core.records import to_dict
from dexora_train.arrays import new_array
from dexora_train.data import collect as collecting
from dexora_train.data import layout
from dexora_train.data.collect import CollectConfig, collect
from dexora_train.data.columns import as_array, as_column
from dexora_train.data.errors import DatasetError
from dexora_train.data.staging import Staging
from dexora_train.data.staging_settings import claim_staging
from dexora_train.data.writer import write_dataset
from dexora_train.learning import loop_log, seeing_run, tokens
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.fit import refuse_unfit
from dexora_train.learning.frames import unpack
from dexora_train.learning.loop_log import LoopLog, Run
from dexora_train.learning.run_folder import claim, save_whole
from dexora_train.learning.train_config import Reports, TrainConfig
from dexora_train.nano_bundle import nano_checkpoint
from torch.utils.tensorboard import SummaryWriter

from dexora_train import pool

TABLE = "data/chunk-000/episode_000001.parquet"
CONFIG = CollectConfig({"reach": 3}, image_size=32)


def change_info(root, **changes):
    info = json.loads((root / layout.INFO).read_text())
    (root / layout.INFO).write_text(json.dumps(info | changes))


def change_column(root, change):
    table = pq.read_table(root / TABLE)
    values = as_array(table[layout.ACTION]).copy()
    change(values)
    place = table.column_names.index(layout.ACTION)
    pq.write_table(table.set_column(place, layout.ACTION, as_column(values)), root / TABLE)


def repeat_frame(root):
    table = pq.read_table(root / TABLE)
    pq.write_table(table.take([0, 1, 1, *range(3, len(table))]), root / TABLE)


def put_nan(values):
    values[4, 7] = np.nan


SPOILT = {
    "another robot": (lambda root: change_info(root, robot_type="aloha"), "robot_type is 'aloha', this is"),
    "wrong rate": (lambda root: change_info(root, fps=30), "fps is 30, the robot's policy runs at 20"),
    "NaN": (lambda root: change_column(root, put_nan), f"{TABLE}.*4.*action is not finite"),
    "repeated frame": (repeat_frame, f"{TABLE}.*2.*frames are missing, repeated or out of order"),
    "missing video": (
        lambda root: (root / "videos/chunk-000/observation.images.top/episode_000001.mp4").unlink(),
        "observation.images.top/episode_000001.mp4",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_dataset_that_spoils_a_policy_is_refused_before_training(tmp_path, staged, plan_of, name):
    root = tmp_path / "dataset"
    write_dataset(root, plan_of(layout.V2), staged[0].episodes())
    refuse_unfit(root, "dexora36")
    spoil, text = SPOILT[name]
    spoil(root)
    with pytest.raises(TrainingError, match=f"must not be trained on: .*{text}.*'dexora-train check'"):
        refuse_unfit(root, "dexora36")


class FullDisk:
    """Lets no file of this process grow beyond some bytes while it is on."""

    def __init__(self):
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def on(self, size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, self.before[1]))

    def off(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


@pytest.fixture
def disk():
    made = FullDisk()
    yield made
    made.off()


@pytest.fixture
def experts(staged, monkeypatch):
    """Let episodes come from the fixture instead of the twin, in this process; returns their seeds."""
    asked = []

    def record(config, task, seed):
        asked.append(seed)
        source = {"task": task, "seed": seed}
        return replace(staged[1][seed % 3], source=source), source

    monkeypatch.setattr(collecting, "record", record)
    monkeypatch.setattr(pool, "ProcessPoolExecutor", lambda count, **_: ThreadPoolExecutor(count))
    return asked


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("room", [100, 4000, 30_000])
def test_disk_that_fills_while_collecting_costs_one_episode(tmp_path, disk, experts, room):
    whole = collect(CONFIG, tmp_path / "whole", lambda attempt: None)
    with pytest.raises(DatasetError, match=r"reach-0000001 could not be written .*what was finished is kept"):
        collect(CONFIG, tmp_path / "cut", lambda attempt: disk.on(room))
    disk.off()
    first = tmp_path / "cut" / "reach-0000000"
    before = content(first)
    assert Staging(tmp_path / "cut", 20).names() == {"reach-0000000"}
    assert {path.name for path in (tmp_path / "cut").iterdir()} == {"reach-0000000", ".settings.json"}
    experts.clear()
    resumed = collect(CONFIG, tmp_path / "cut", lambda attempt: None)
    assert experts == [1, 2]
    assert content(first) == before
    assert [episode.table() for episode in resumed] == [episode.table() for episode in whole]


def test_failed_attempt_that_cannot_be_noted_is_told(tmp_path, disk):
    folder = Staging(tmp_path / "s", 20)
    disk.on(4)
    with pytest.raises(DatasetError, match=r"reach-1 .*free some space and start again"):
        folder.note_failure("reach-1", {"task": "reach", "seed": 1})
    disk.off()
    assert folder.names() == set()


def test_collecting_with_other_settings_into_the_same_folder_is_refused(tmp_path, experts):
    collect(CONFIG, tmp_path / "s", lambda attempt: None)
    before = content(tmp_path / "s")
    with pytest.raises(DatasetError, match="holds episodes with image_size 32, now it is 64; take"):
        collect(CollectConfig({"reach": 3}, image_size=64), tmp_path / "s", lambda attempt: None)
    assert content(tmp_path / "s") == before
    more = CollectConfig({"reach": 4}, image_size=32, workers=2)
    assert len(collect(more, tmp_path / "s", lambda attempt: None)) == 4


def test_folder_that_was_begun_before_there_was_a_setting_goes_on(tmp_path):
    settings = to_dict(CONFIG)
    claim_staging(tmp_path / "s", settings)
    path = tmp_path / "s" / ".settings.json"
    said = json.loads(path.read_text())
    assert said.pop("stray_share") == 0.0
    path.write_text(json.dumps(said))
    claim_staging(tmp_path / "s", settings)
    with pytest.raises(DatasetError, match=r"holds episodes with stray_share 0\.0, now it is 0\.5"):
        claim_staging(tmp_path / "s", settings | {"stray_share": 0.5})


def test_settings_that_cannot_be_written_are_told(tmp_path, disk):
    settings = to_dict(CONFIG)
    disk.on(4)
    with pytest.raises(DatasetError, match="cannot be read or written"):
        claim_staging(tmp_path / "s", settings)
    with pytest.raises(TrainingError, match=r"cannot be written .*free some space, or use another"):
        claim(tmp_path / "run", settings)
    disk.off()
    claim(tmp_path / "run", settings)
    claim_staging(tmp_path / "s", settings)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.json"]


def test_disk_that_fills_while_unpacking_leaves_nothing_behind(tmp_path, disk, dataset):
    root = dataset()
    disk.on(20_000)
    with pytest.raises(TrainingError, match=r"unpacked .* 0 MB are needed: .*images.npy.*free some space"):
        unpack(root, tmp_path / "frames")
    disk.off()
    assert not list(tmp_path.glob("*frames*"))
    assert len(unpack(root, tmp_path / "frames")) == 39


def test_array_is_there_completely_or_not_at_all(tmp_path, disk):
    disk.on(1000)
    with pytest.raises(OSError, match=r"4 MB are needed: .*a\.npy"):
        new_array(tmp_path / "a.npy", np.float32, (1000, 1000))
    disk.off()
    assert list(tmp_path.iterdir()) == []
    values = new_array(tmp_path / "a.npy", np.float32, (1000, 1000))
    assert (tmp_path / "a.npy").stat().st_blocks * 512 >= values.nbytes


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_log_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    log = LoopLog(Run(tmp_path, Accelerator(cpu=True), lambda line: None), 0)
    log.count(1.0)
    monkeypatch.setattr(SummaryWriter, "add_scalar", full)
    with pytest.raises(TrainingError, match=r"log in .* could not be written .*goes on from the last state"):
        log.tell(1, {}, 0.1)
    monkeypatch.setattr(loop_log, "SummaryWriter", full)
    with pytest.raises(TrainingError, match=r"log in .* could not be written .*free some space"):
        LoopLog(Run(tmp_path, Accelerator(cpu=True), lambda line: None), 0)


def test_tokens_that_cannot_be_written_leave_nothing_behind(tmp_path, monkeypatch):
    frames = SimpleNamespace(dataset="made")
    monkeypatch.setattr(tokens, "_compute", lambda *_: None)
    for name in ("mkdir", "write_text"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, name, full)
            with pytest.raises(TrainingError, match=r"tokens could not be written to .*free some space"):
                tokens.cache_tokens(nano_checkpoint().encoder, frames, tmp_path / "tokens", 1)
        assert list(tmp_path.iterdir()) == []


def test_eyes_that_cannot_be_written_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(seeing_run, "pretrain", lambda *_: None)
    monkeypatch.setattr(seeing_run, "save_file", full)
    with pytest.raises(TrainingError, match=r"learnt to see could not be written .*training itself is kept"):
        seeing_run.seeing_of(None, TrainConfig(preset="nano"), tmp_path, Accelerator(cpu=True), Reports())
    assert list(tmp_path.iterdir()) == []


def test_disk_that_fills_in_a_checkpoint_leaves_the_earlier_one(tmp_path, disk):
    checkpoint = nano_checkpoint()
    save_whole(checkpoint, tmp_path / "checkpoint")
    before = content(tmp_path / "checkpoint")
    disk.on(100_000)
    with pytest.raises(TrainingError, match=r"checkpoint could not be written .*the training itself is kept"):
        save_whole(checkpoint, tmp_path / "checkpoint")
    disk.off()
    assert content(tmp_path / "checkpoint") == before
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    shutil.rmtree(tmp_path / "checkpoint")
    save_whole(checkpoint, tmp_path / "checkpoint")
    assert content(tmp_path / "checkpoint") == before
