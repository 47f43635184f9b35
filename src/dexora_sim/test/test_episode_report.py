"""Pins what a person and a script are told about episodes: a line, a tally, and a file that is whole."""

import json
import math

import pytest
from dexora_sim.episode_report import EpisodeResult, Pace, Tally

PACE = Pace(21, 4.96, 0.212, 0.26)


def result(**changes):
    values = {
        "task": "lift",
        "seed": 1_000_003,
        "instruction": "pick up the red can with the left hand",
        "is_success": True,
        "reason": "",
        "stages": ("approached", "held"),
        "time_s": 4.24,
        "pace": PACE,
    }
    return EpisodeResult(**{**values, **changes})


def test_success_is_one_line_with_stages_time_rate_and_ages():
    assert result().describe() == (
        'lift, seed 1000003, "pick up the red can with the left hand": SUCCESS after 4.2 s '
        "(stages: approached, held); 21 chunks, 5.0 per second, 212 ms (p95 260 ms) from picture to command"
    )


def test_failure_says_why_once_and_leaves_out_what_was_not_measured():
    failed = result(is_success=False, reason="The can fell.", stages=(), pace=Pace(1))
    assert failed.describe().endswith("FAILED after 4.2 s: The can fell (stages: none); 1 chunks")


def test_tally_counts_successes():
    tally = Tally()
    assert tally.describe() == "0 of 0"
    tally.results += [result(), result(is_success=False, reason="late"), result()]
    assert tally.describe() == "2 of 3 (67 %)"


def test_file_holds_every_result_and_null_for_what_is_not_known(tmp_path):
    path = tmp_path / "made" / "results.json"
    tally = Tally([result(pace=Pace(3))], {"policy": "tiny", "engine": "onnx"})
    tally.write(path)
    content = json.loads(path.read_text())
    assert (content["policy"], content["played"], content["successes"]) == ("tiny", 1, 1)
    assert content["episodes"][0]["stages"] == ["approached", "held"]
    assert content["episodes"][0]["pace"] == {
        "chunks": 3,
        "rate_hz": None,
        "age_p50_s": None,
        "age_p95_s": None,
    }


def test_earlier_file_stays_whole_when_the_next_cannot_be_written(tmp_path):
    path = tmp_path / "results.json"
    Tally([result()]).write(path)
    before = path.read_text()
    with pytest.raises(TypeError):
        Tally([result(seed=object())]).write(path)
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_pace_that_is_not_known_is_not_a_number():
    assert all(math.isnan(value) for value in (Pace().rate_hz, Pace().age_p50_s, Pace().age_p95_s))
