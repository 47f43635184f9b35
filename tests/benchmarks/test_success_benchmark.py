"""Success benchmark: every promise of learning is judged from the episodes, and none without them."""

from dataclasses import replace

import pytest
import success
from _harness import Options
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.results import Results, Subject
from evaluate_cases import SUBJECT, made

SEEDS = 60


def write(folder, model, settings, tasks, failures):
    """Write results of a case; the first `failures` seeds of each task fail."""
    results = Results(folder, Subject(model, settings))
    results.begin()
    for task in tasks:
        for seed in range(SEEDS):
            results.add(made(seed, seed >= failures, task=task))


@pytest.fixture
def play(tmp_path):
    """Write the results of all cases; takes the failures per task of those that fail."""

    def write_all(without=(), seeds=SEEDS, **failures):
        for name, case in success.CASES.items():
            if name not in without:
                model = replace(SUBJECT.model, name=case.model)
                lost = failures.get(name.replace("-", "_"), 0)
                write(tmp_path / name, model, case.settings, case.tasks, lost)
        given = success.Given(tmp_path, {}, seeds, 1)
        report = success.measure_with(given)(Options(quick=False, repetitions=1, block_s=1.0))
        return {bar.name: bar for bar in report.bars}

    return write_all


def test_bars_are_met_by_episodes_that_meet_them(play):
    found = play(zero_shot=30, released_delayed=10)
    assert all(bar.is_met for bar in found.values()), [name for name in found if not found[name].is_met]


def test_losses_are_differences_of_the_same_seeds(play):
    found = play(teacher=3, student=6, int8=6, delayed=12)
    assert found["student"].value == pytest.approx(100 * 3 / SEEDS)
    assert found["int8"].value == pytest.approx(0.0)
    assert found["delay"].value == pytest.approx(100 * 6 / SEEDS)
    assert not found["student"].is_met
    assert not found["delay"].is_met
    assert found["teacher reach"].value == pytest.approx(95.0)
    assert not found["teacher reach"].is_met
    assert found["teacher lift"].is_met


def test_adapted_policy_must_be_better_beyond_chance(play):
    assert play(zero_shot=30, adapted=15)["LoRA"].is_met
    assert not play(zero_shot=16, adapted=15)["LoRA"].is_met


def test_what_was_not_played_is_missed(play):
    found = play(without=tuple(success.CASES))
    assert found
    assert not any(bar.is_met for bar in found.values())


def test_fewer_episodes_than_a_bar_takes_meet_none(play):
    found = play(zero_shot=30, released_delayed=10, seeds=SEEDS + 1)
    assert not any(bar.is_met for bar in found.values())


def test_results_of_other_settings_are_refused(tmp_path, play):
    play()
    (tmp_path / "teacher").rename(tmp_path / "kept")
    (tmp_path / "student").rename(tmp_path / "teacher")
    with pytest.raises(EvaluationError, match=r"teacher: holds results of .*steps 0, not 16"):
        play(without=tuple(success.CASES))


def test_teacher_takes_many_steps():
    assert success.CASES["teacher"].settings.steps >= 10
    assert not success.CASES["student"].settings.steps
