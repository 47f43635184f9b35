"""Pins that collecting gives the same data however it is cut up, and never an evaluation's seed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from dexora_train.data import collect as collecting
from dexora_train.data import layout, truth
from dexora_train.data.check import check_dataset
from dexora_train.data.collect import CollectConfig, collect, write_collected
from dexora_train.data.disturbance import disturbance
from dexora_train.data.errors import DatasetError
from dexora_train.data.finding import Severity
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.staging import Staging

from dexora_train import cli

CONFIG = CollectConfig({"reach": 2}, image_size=32, disturbance_rad=0.02)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"episodes": {"juggle": 1}}, "task 'juggle' has no expert"),
        ({"episodes": {"reach": 0}}, "must be at least one"),
        ({"episodes": {}}, "must be at least one"),
        ({"seed": 1_000_000}, "higher ones are for evaluation"),
        ({"stray_share": 1.5}, r"stray_share is 1\.5; it is a share"),
        ({"stray_share": float("nan")}, "stray_share is nan"),
    ],
)
def test_senseless_settings_are_refused(change, text):
    with pytest.raises(DatasetError, match=text):
        CollectConfig(**({"episodes": {"reach": 1}} | change))


def test_tasks_name_their_own_number_of_episodes():
    assert cli._episodes_of(["reach=900", "lift"], 225) == {"reach": 900, "lift": 225}
    with pytest.raises(DatasetError, match="'many' is no number of episodes; write reach=200"):
        cli._episodes_of(["reach=many"], 225)
    with pytest.raises(DatasetError, match="reach is named twice"):
        cli._episodes_of(["reach=900", "reach"], 225)


def test_pushes_are_smooth_and_leave_the_fingers_alone():
    arms = np.arange(12)
    pushes = disturbance(np.random.default_rng(3), (200, 36), 20.0, arms, 0.05)
    assert np.abs(pushes[:, :12]).max() > 0.02
    assert not pushes[:, 12:].any()
    assert np.abs(np.diff(pushes, axis=0)).max() < 0.08


def test_no_disturbance_is_none():
    assert not disturbance(np.random.default_rng(3), (200, 36), 20.0, np.arange(12), 0.0).any()


class _World:
    """What `record` needs of environment and expert: it counts steps, and goes astray for some of them."""

    episode = SimpleNamespace(goal=None, instruction="touch it")
    task = SimpleNamespace(time_limit_s=1.0)
    twin = None

    def __init__(self, contract, astray, ends):
        self.contract, self.astray, self.ends, self.acted = contract, astray, ends, 0

    def reset(self, *expert, seed=None, begins_astray=None):
        if expert:
            self.astray *= begins_astray
        return self._seen(), {}

    def act(self, view):
        self.acted += 1
        return np.full(36, self.acted, np.float32)

    @property
    def is_astray(self):
        return max(self.acted, 1) <= self.astray

    def step(self, target):
        is_over = self.acted == self.ends
        return self._seen(), 0.0, is_over, False, {"time_s": 0.0, "stages": (), "is_success": is_over}

    def _seen(self):
        picture = np.zeros((32, 32, 3), np.uint8)
        return {"position": np.full(36, -self.acted, np.float32), "images": {"top": picture}}


@pytest.fixture
def recorded(contract, monkeypatch):
    """Return a function: steps astray, steps to success and share of strays to what `record` returns."""

    def run(astray, ends, share):
        world = _World(contract, astray, ends)
        monkeypatch.setattr(collecting, "_environment", lambda *_: world)
        monkeypatch.setattr(collecting, "make_expert", lambda *_: world)
        monkeypatch.setattr(collecting, "see", lambda _: None)
        monkeypatch.setattr(collecting.truth, "truth_of", lambda _: np.zeros(len(truth.NAMES), np.float32))
        return collecting.record(replace(CONFIG, stray_share=share), "reach", 0)

    return run


def test_way_to_where_a_failed_attempt_ended_is_not_shown(recorded):
    episode, source = recorded(astray=3, ends=14, share=1.0)
    assert episode.action[:, 0].tolist() == list(range(4, 15))
    assert episode.state[:, 0].tolist() == list(range(-3, -14, -1))
    assert len(episode.images["top"]) == len(episode) == 11
    assert source["is_astray"]


def test_without_a_share_nothing_goes_astray(recorded):
    episode, source = recorded(astray=3, ends=14, share=0.0)
    assert len(episode) == 14
    assert not source["is_astray"]


@pytest.mark.parametrize(("astray", "ends"), [(12, 12), (5, 14), (3, 99)])
def test_success_before_half_a_second_was_shown_and_failure_are_no_demonstration(recorded, astray, ends):
    episode, source = recorded(astray, ends, 1.0)
    assert episode is None
    assert source["task"] == "reach"


@pytest.mark.slow
def test_interrupted_collection_goes_on_and_is_fit_to_train_on(tmp_path, contract):
    told = []
    whole = collect(CONFIG, tmp_path / "whole", told.append)
    assert [attempt.is_success for attempt in told].count(True) == 2
    collect(CollectConfig({"reach": 1}, image_size=32, disturbance_rad=0.02), tmp_path / "cut", told.append)
    before = len(told)
    resumed = collect(CONFIG, tmp_path / "cut", told.append)
    assert [attempt.seed for attempt in told[before:]] == [resumed[1].source["seed"]]
    for one, other in zip(whole, resumed, strict=True):
        assert one.table() == other.table()
        assert one.source == other.source
    write_collected(CONFIG, tmp_path / "d", whole, layout.V3)
    errors = [f for f in check_dataset(tmp_path / "d", contract) if f.severity is Severity.ERROR]
    assert errors == []
    reader = LeRobotReader(tmp_path / "d")
    places = reader.column(0, layout.TRUTH)
    assert places.shape[1] == len(truth.NAMES)
    assert 0.2 < places[0, 0] < 1.2, "the target lies in front of the robot"


def test_failed_attempts_are_not_made_again(tmp_path):
    folder = Staging(tmp_path / "s", 20)
    folder.note_failure(collecting.episode_name("reach", 0), {"task": "reach", "seed": 0})
    assert folder.names() == {"reach-0000000"}
    assert folder.failures() == 1
    assert folder.episodes() == []
