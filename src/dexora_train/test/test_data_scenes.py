"""Pins that still scenes are drawn once, go on where they were cut off, and mix into batches by view."""

import resource
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from dexora_perception.preprocess import resize
from dexora_sim.tasks.base import COLOURS
from dexora_train.data import scenes as drawing
from dexora_train.data import truth
from dexora_train.data.errors import DatasetError
from dexora_train.data.patches import patches_of
from dexora_train.data.scenes import SceneConfig, Scenes, draw_scenes
from dexora_train.learning.frames import Span
from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.seeing import Pictures
from dexora_train.learning.stage_config import StageConfig

from dexora_train import pool

CONFIG = SceneConfig(("reach", "lift"), 4, image_size=32, grid=2, workers=1)


@pytest.mark.slow
def test_interrupted_scenes_go_on_and_show_what_is_true(tmp_path, monkeypatch, contract):
    monkeypatch.setattr(drawing, "_BLOCK", 2)
    poses_rad = np.tile(contract.home_rad, (3, 1)).astype(np.float32)

    def interrupt(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_scenes(CONFIG, poses_rad, tmp_path / "s", interrupt)
    told = []
    found = draw_scenes(CONFIG, poses_rad, tmp_path / "s", lambda done, total: told.append((done, total)))
    assert told == [(4, 4)]
    assert found.views == contract.views
    assert (found.images.reshape(4, -1).std(axis=1) > 5.0).all()
    present = found.truth[:, [truth.NAMES.index(name) for name in truth.NAMES if name.endswith("present")]]
    assert present.sum(axis=1).tolist() == [3.0, 3.0, *present[2:].sum(axis=1).tolist()]
    assert (present.sum(axis=1) >= 1).all()
    again = draw_scenes(CONFIG, poses_rad, tmp_path / "s", lambda done, total: told.append((done, total)))
    assert np.array_equal(again.images, found.images)
    assert len(told) == 1, "nothing is drawn twice"


def test_folder_of_other_scenes_is_refused(tmp_path):
    drawing._open(CONFIG, tmp_path)
    other = SceneConfig(("reach",), 4, image_size=32)
    with pytest.raises(DatasetError, match="holds other scenes"):
        draw_scenes(other, np.zeros((1, 36), np.float32), tmp_path)


@pytest.fixture
def disk():
    """Return a function that lets no file of this process grow beyond some bytes; None lets it again."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, before if size is None else (size, before[1]))

    yield limit
    limit(None)


def test_room_for_all_scenes_is_there_before_the_first_is_drawn(tmp_path, disk):
    disk(20_000)
    with pytest.raises(DatasetError, match=r"0 MB are needed: .*images.npy.*free some space"):
        draw_scenes(CONFIG, np.zeros((1, 36), np.float32), tmp_path / "s")
    disk(None)
    assert list((tmp_path / "s").iterdir()) == []
    arrays, done = drawing._open(CONFIG, tmp_path / "s")
    assert done == 0
    assert (tmp_path / "s/images.npy").stat().st_blocks * 512 >= arrays[0].nbytes


def test_index_that_cannot_be_written_stays_as_it_was(tmp_path, disk, monkeypatch):
    arrays, _ = drawing._open(CONFIG, tmp_path)
    before = (tmp_path / "index.json").read_text()
    monkeypatch.setattr(pool, "ProcessPoolExecutor", lambda count, **_: ThreadPoolExecutor(count))
    monkeypatch.setattr(drawing, "_block", lambda config, task, numbers, poses: [a[:4] for a in arrays])
    monkeypatch.setattr(drawing.gl, "choose", lambda: None)
    disk(10)
    with pytest.raises(DatasetError, match="free some space and start again: what was finished is kept"):
        draw_scenes(CONFIG, np.zeros((1, 36), np.float32), tmp_path)
    disk(None)
    assert (tmp_path / "index.json").read_text() == before
    assert len(draw_scenes(CONFIG, np.zeros((1, 36), np.float32), tmp_path).images) == 4


@pytest.mark.parametrize("name", ["index.json", "truth.npy"])
def test_file_that_was_cut_is_told(tmp_path, name):
    drawing._open(CONFIG, tmp_path)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DatasetError, match=r"cannot be read \(.*\); remove it, and they are drawn anew"):
        draw_scenes(CONFIG, np.zeros((1, 36), np.float32), tmp_path)


class FewFrames:
    """Ten frames whose pictures hold their number, of two views."""

    views = ("front", "top")
    spans = (Span(0, 10, "touch it", False),)
    images = np.arange(10, dtype=np.uint8)[:, None, None, None, None] * np.ones((10, 2, 1, 1, 3), np.uint8)
    truth = np.arange(10, dtype=np.float32)[:, None]

    def of(self, *, held_out):
        return () if held_out else self.spans


def test_half_of_a_batch_are_scenes_with_their_views_in_the_encoders_order():
    images = np.zeros((6, 2, 1, 1, 3), np.uint8)
    images[:, 0], images[:, 1] = 100, 200
    patches = np.zeros((6, 2, 1, 1, 1), np.float16)
    patches[:, 0], patches[:, 1] = 1.0, 2.0
    scenes = Scenes(("top", "front"), images, np.full((6, 1), -1.0, np.float32), patches)
    pictures = Pictures(FewFrames(), scenes, ("front", "top"))
    shown, known, of_scenes = pictures.take(0, StageConfig(8, LoopConfig(1)), Accelerator(cpu=True))
    assert shown.shape == (8, 2, 1, 1, 3)
    assert (known[4:] == -1.0).all()
    assert (known[:4, 0] == shown[:4, 0, 0, 0, 0]).all()
    assert torch.equal(shown[4:, :, 0, 0, 0], torch.tensor([[200, 100]] * 4, dtype=torch.uint8))
    assert torch.equal(of_scenes[:, :, 0, 0, 0], torch.tensor([[2.0, 1.0]] * 4))


@pytest.mark.slow
def test_patches_say_where_the_picture_shows_each_thing(contract):
    twin, renderer = drawing._rig("reach", "dexora36")
    twin.reset(3)
    picture = resize(renderer.render(twin.snapshot())["top"], 96).astype(int)
    answers = patches_of(twin, renderer, 96, 6)[renderer.views.index("top")].astype(float)
    for colour, channel in (("red", 0), ("blue", 2)):
        if colour not in twin.episode.colours.values():
            continue
        others = picture[..., [k for k in range(3) if k != channel]].max(axis=-1)
        middle = np.argwhere(picture[..., channel] > 2 * others).mean(axis=0)
        told = answers[:, list(COLOURS).index(colour)]
        shows = np.flatnonzero(told[:, 0] > 0.02)
        assert len(shows)
        for patch in shows:
            centre = (np.array(divmod(patch, 6)) + 0.5) * 16
            assert centre + 16 * told[patch, 2:0:-1] == pytest.approx(middle, abs=2.0)
        assert 0.4 < told[shows, 3].mean() < 1.0
    absent = [k for k, colour in enumerate(COLOURS) if colour not in twin.episode.colours.values()]
    assert not answers[:, absent].any()
