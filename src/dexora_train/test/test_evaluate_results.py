"""Pins that an evaluation can be stopped anywhere and goes on, and never mixes two models in one folder."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dexora_train.evaluate.compare import comparison_grid, described, pairs_of, shared
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.intervals import Pairs
from dexora_train.evaluate.opening import ModelIdentity, identify
from dexora_train.evaluate.results import EPISODES, Results
from dexora_train.evaluate.run import Evaluation, evaluate
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.evaluate.summary import ending_grid, named_share, stage_grid, summaries

sys.path.insert(0, str(Path(__file__).parent))
from evaluate_cases import SUBJECT, made


@pytest.fixture
def filled(tmp_path):
    def fill(name, *episodes, subject=SUBJECT):
        results = Results(tmp_path / name, subject)
        results.begin()
        for episode in episodes:
            results.add(episode)
        return results

    return fill


def test_results_come_back_as_they_were(filled, tmp_path):
    episodes = [made(2), made(1, False, failure="it fell"), made(1, task="lift", touched=())]
    filled("a", *episodes)
    back = Results.read(tmp_path / "a")
    assert back.subject == SUBJECT
    assert list(back.episodes.values()) == episodes
    assert [episode.seed for episode in back.of_task("reach")] == [1, 2]
    assert back.tasks == ["reach", "lift"]


def test_line_that_was_cut_off_is_played_again(filled, tmp_path):
    filled("a", made(1), made(2))
    path = tmp_path / "a" / EPISODES
    path.write_bytes(path.read_bytes()[:-7])
    results = Results.read(tmp_path / "a")
    assert list(results.episodes) == [("reach", 1)]
    results.begin()
    results.add(made(2))
    assert list(Results.read(tmp_path / "a").episodes) == [("reach", 1), ("reach", 2)]


def test_line_that_is_no_result_is_named(filled, tmp_path):
    filled("a", made(1))
    with (tmp_path / "a" / EPISODES).open("a") as file:
        file.write(json.dumps({"task": "reach"}) + "\n")
    with pytest.raises(EvaluationError, match=r"line 2: is no result .*missing seed"):
        Results.read(tmp_path / "a")


def test_folder_of_another_model_or_setting_is_refused(filled, tmp_path):
    filled("a", made(1))
    other = replace(SUBJECT, model=ModelIdentity("else", "fedcba987654"))
    with pytest.raises(EvaluationError, match=r"model '0123456789ab', not 'fedcba987654'.*folder of its own"):
        Results(tmp_path / "a", other)
    late = replace(SUBJECT, settings=EvaluationSettings(delay_ms=200))
    with pytest.raises(EvaluationError, match="delay_ms 0, not 200"):
        Results(tmp_path / "a", late)


def test_folder_without_results_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match=r"settings.json: cannot be read"):
        Results.read(tmp_path)


def test_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match=r"cannot be written .*another folder"):
        Results(tmp_path / "file" / "below", SUBJECT).begin()


def test_evaluation_begins_where_it_is_told_to():
    evaluation = Evaluation("expert", EvaluationSettings(), ("reach",), seeds=2, first_seed=5)
    assert evaluation.keys == [("reach", 5), ("reach", 6)]


def test_evaluation_plays_what_is_missing_only(tmp_path):
    played, there = [], []
    evaluation = Evaluation("expert", EvaluationSettings(), ("reach",), seeds=1, workers=1)
    evaluate(evaluation, tmp_path / "a", played.append)
    again = evaluate(replace(evaluation, seeds=2), tmp_path / "a", played.append, there.append)
    assert [episode.seed for episode in played] == [1_000_000, 1_000_001]
    assert there == played[:1]
    assert list(again.episodes.values()) == played


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"tasks": ("juggle",)}, "task 'juggle' is unknown"),
        ({"tasks": ()}, "at least one each"),
        ({"tasks": ("lift",), "settings": EvaluationSettings(is_redirected=True)}, "needs 'reach'"),
    ],
)
def test_evaluation_of_nothing_is_refused(change, text):
    values = {"source": "expert", "settings": EvaluationSettings(), "tasks": ("reach",)} | change
    with pytest.raises(Exception, match=text):
        Evaluation(**values)


def test_folder_that_holds_no_model_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match=r"neither a bundle \(manifest.json\) nor a checkpoint"):
        identify(str(tmp_path))


def test_summary_counts_what_the_episodes_say(filled):
    results = filled("a", made(0), made(1), made(2, False), made(3, task="lift", is_success=False))
    reach, lift, everything = summaries(results)
    assert (reach.name, reach.episodes, reach.success.value) == ("reach", 3, pytest.approx(2 / 3))
    assert reach.time_s == 3.5
    assert lift.time_s is None
    assert everything.success.value == 0.5
    assert ("reach", "touched", "66.7 %") in stage_grid(results).rows
    assert ("reach", "time ran out after approached", "1") in ending_grid(results).rows


def test_first_touch_decides_which_object_was_reached():
    episodes = [
        made(0),
        made(1, touched=("left:cube", "left:ball")),
        made(2, touched=("right:ball", "left:cube")),
        made(3, touched=()),
    ]
    assert named_share(episodes).value == pytest.approx(2 / 3), "who touches nothing has reached nothing"
    assert named_share(episodes[3:]) is None


def test_comparison_is_about_shared_episodes_only(filled):
    first = filled("a", made(0), made(1), made(2, False), made(9))
    settings = EvaluationSettings(delay_ms=200, outside=("light", "camera"))
    second = filled("b", made(0), made(1, False), made(2), subject=replace(SUBJECT, settings=settings))
    keys = shared(first, second)
    assert pairs_of(first, second, keys) == Pairs(1, 1, 1, 0)
    (row,) = comparison_grid(first, second).rows
    assert row[:4] == ("reach", "3", "66.7 %", "66.7 %")
    assert row[4].startswith("+0.0 points")
    assert (
        "Left out for want of a partner: 1 of the first, 0 of the second"
        in comparison_grid(first, second).note
    )
    assert "Left out" not in comparison_grid(first, first).note
    assert described(second) == "someone, delay_ms 200, outside light and camera"
    with pytest.raises(EvaluationError, match="no task and seed in common"):
        shared(first, second, ("lift",))
