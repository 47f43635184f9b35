"""Pins that several processes learn what one does, go on exactly, and say what keeps them from it."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from dexora_core.records import to_dict
from dexora_train.learning import seeing_run
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.processes import check_batch
from dexora_train.learning.run_folder import checkpoint_hash
from dexora_train.learning.train import train
from dexora_train.learning.train_config import Reports

sys.path.insert(0, str(Path(__file__).parent))
import nano_run

LOOP = LoopConfig(4, save_every=2, log_every=1)
CONFIG = replace(nano_run.NANO, seeing=LOOP, words=LOOP, acting=LOOP)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return nano_run.write_small_dataset(tmp_path_factory.mktemp("nano"))


def launch(dataset, runs):
    """Train in two processes, one run after the other; runs: settings by folder."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    words = [word for folder, config in runs.items() for word in (str(folder), json.dumps(to_dict(config)))]
    command = [*launcher, nano_run.__file__, str(dataset), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def told(folder):
    return json.loads(Path(f"{folder}.json").read_text())


@pytest.fixture(scope="module")
def together(tmp_path_factory, dataset):
    """Folders of two runs of two processes, by their number of scenes."""
    root = tmp_path_factory.mktemp("together")
    folders = {scenes: root / str(scenes) for scenes in (0, 4)}
    launch(dataset, {folder: replace(CONFIG, scenes=scenes) for scenes, folder in folders.items()})
    return folders


@pytest.mark.slow
@pytest.mark.parametrize("scenes", [0, 4])
def test_two_processes_learn_as_one(tmp_path, dataset, together, monkeypatch, scenes):
    monkeypatch.setattr(seeing_run, "draw_scenes", nano_run.made_scenes)
    alone, lines = [], told(together[scenes])
    train(dataset, tmp_path / "alone", replace(CONFIG, scenes=scenes), Reports(line=alone.append))
    assert [line["step"] for line in lines] == [line.step for line in alone]
    assert [line["loss"] for line in lines] == pytest.approx([line.loss for line in alone], rel=0.02)
    for two, one in zip(lines, alone, strict=True):
        assert two["figures"] == pytest.approx(one.figures, rel=0.02)


@pytest.mark.slow
def test_two_processes_go_on_exactly_and_only_in_one_folder(tmp_path, dataset, together):
    whole, cut, apart = together[4], tmp_path / "cut", tmp_path / "apart{rank}"
    shutil.copytree(whole, cut)
    shutil.rmtree(cut / "checkpoint")
    shutil.rmtree(cut / "acting" / "00000004")
    launch(dataset, {cut: replace(CONFIG, scenes=4), apart: CONFIG})
    assert told(cut) == told(whole)[-2:]
    assert checkpoint_hash(cut / "checkpoint") == checkpoint_hash(whole / "checkpoint")
    for rank in range(2):
        sentence = told(tmp_path / f"apart{rank}")[0]
        assert "1 of 2 do not see what the first one writes" in sentence
        assert "the run folder must be on storage that all machines share" in sentence
    assert not (tmp_path / "apart1").exists()


@pytest.mark.parametrize(
    ("batch", "is_halved", "text"),
    [
        (62, False, "batch_seeing is 62; 4 processes take equal shares of it: it must be a multiple of 4"),
        (60, True, "4 processes take equal shares of it and of its half: it must be a multiple of 8"),
    ],
)
def test_batch_of_which_processes_cannot_take_equal_shares_is_refused(batch, is_halved, text):
    four, one = SimpleNamespace(num_processes=4), SimpleNamespace(num_processes=1)
    with pytest.raises(TrainingError, match=text):
        check_batch("batch_seeing", batch, four, is_halved=is_halved)
    check_batch("batch_seeing", 64, four, is_halved=is_halved)
    check_batch("batch_seeing", 7, one, is_halved=is_halved)
