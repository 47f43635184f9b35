"""Pins that collecting gives the same data however it is cut up, and never an evaluation's seed."""

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from dexora_sim.errors import SimulationError
from dexora_train.data import cli, layout, truth
from dexora_train.data import collect as collecting
from dexora_train.data.check import check_dataset
from dexora_train.data.collect import Attempt, CollectConfig, collect, write_collected
from dexora_train.data.disturbance import disturbance
from dexora_train.data.errors import DatasetError
from dexora_train.data.finding import Severity
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.staging import Staging
from rich.progress import Progress

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


def test_attempt_in_which_physics_gives_up_is_noted_as_failed(contract, tmp_path, monkeypatch):
    class _Unstable(_World):
        def step(self, target):
            raise SimulationError("physics became unstable at 'can'")

    world = _Unstable(contract, 0, 14)
    monkeypatch.setattr(collecting, "_environment", lambda *_: world)
    monkeypatch.setattr(collecting, "make_expert", lambda *_: world)
    monkeypatch.setattr(collecting, "see", lambda _: None)
    monkeypatch.setattr(collecting.truth, "truth_of", lambda _: np.zeros(len(truth.NAMES), np.float32))
    attempt = collecting._attempt(CONFIG, tmp_path, "reach", 7)
    assert attempt == Attempt("reach", 7, is_success=False, frames=0)
    assert Staging(tmp_path, 20).names() == {"reach-0000007"}
    assert "unstable at 'can'" in (tmp_path / ".failed/reach-0000007.json").read_text()


class _AtOnce:
    """A pool that does what it is given at once, in this process."""

    def submit(self, work, *values):
        future = Future()
        future.set_result(work(*values))
        return future


@pytest.fixture
def tried(tmp_path, staged, monkeypatch):
    """Return a function: settings, seeds that fail and earlier ones, to seeds tried now and those taken."""

    def attempt(config, staging, task, seed, does_fail):
        folder = Staging(staging, 20)
        source = {"task": task, "seed": seed}
        if does_fail(seed):
            folder.note_failure(collecting.episode_name(task, seed), source)
        else:
            folder.add(collecting.episode_name(task, seed), replace(staged[1][0], source=source))
        return Attempt(task, seed, is_success=not does_fail(seed), frames=12)

    def run(config, does_fail=lambda seed: False, earlier=()):
        for seed in earlier:
            attempt(config, tmp_path, "reach", seed, does_fail)
        monkeypatch.setattr(collecting, "_attempt", lambda *values: attempt(*values, does_fail))
        told, counted = [], run.counted
        counted.clear()
        collecting._collect_task(
            config,
            tmp_path,
            "reach",
            _AtOnce(),
            report=lambda one: told.append(one.seed),
            start=lambda one: counted.append((one.seed, one.frames)),
        )
        taken = collecting._of_task(Staging(tmp_path, 20), config, "reach")[: config.episodes["reach"]]
        return told, [episode.source["seed"] for episode in taken]

    run.counted = []
    return run


def test_earlier_episodes_with_higher_seeds_do_not_stand_for_lower_ones(tried):
    assert tried(CONFIG, earlier=(1000, 1001)) == ([0, 1], [0, 1])


def test_episodes_beyond_a_seed_that_was_never_tried_wait_for_it(tried):
    config = replace(CONFIG, episodes={"reach": 3})
    assert tried(config, lambda seed: seed == 1, earlier=(0, 1, 3, 4)) == ([2], [0, 2, 3])
    assert tried.counted == [(0, 12), (1, 0), (3, 12)], "what counts of earlier attempts is shown"


def test_seeds_of_evaluation_are_never_recorded(tried):
    config = replace(CONFIG, seed=999_998, episodes={"reach": 3})
    with pytest.raises(DatasetError, match=r"2 of 3 episodes of reach .* from 1000000 on are for evaluation"):
        tried(config)


def test_failures_one_after_the_other_end_the_collection_and_the_next_start_goes_on(tried):
    most = collecting.MOST_FAILURES_IN_A_ROW
    with pytest.raises(DatasetError, match=rf"{most} attempts .* seed {most - 1}.*lower --disturbance"):
        tried(CONFIG, lambda seed: seed < most + 1)
    assert tried(CONFIG, lambda seed: seed < most + 1) == ([most, most + 1, most + 2], [most + 1, most + 2])


def test_progress_counts_the_attempts_that_failed(tmp_path, monkeypatch):
    def collected(config, staging, report, start):
        for seed, tell in enumerate((start, report, report)):
            tell(Attempt("reach", seed, is_success=seed == 2, frames=12))
        raise DatasetError("no more")

    told = []
    monkeypatch.setattr(cli, "collect", collected)
    monkeypatch.setattr(Progress, "update", lambda *_, **what: told.append(what))
    with pytest.raises(DatasetError, match="no more"):
        cli.collect_command(tmp_path / "d", ["reach"])
    assert [one["advance"] for one in told] == [0, 0, 1]
    assert told[-1]["description"] == "reach, 2 attempts failed"


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
