"""Pins that a report holds what was measured, and that its HTML needs no other file."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dexora_core.motion.limits import MotionLimits
from dexora_train.data.video import count_frames
from dexora_train.evaluate.cli import evaluate_app
from dexora_train.evaluate.film import Film, worth_showing
from dexora_train.evaluate.opening import ModelIdentity
from dexora_train.evaluate.report import HTML, MARKDOWN, write_report
from dexora_train.evaluate.results import Results, Subject
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.evaluate.smoothness import smoothness
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from evaluate_cases import SUBJECT, made


@pytest.fixture
def results(tmp_path):
    found = Results(tmp_path / "results", SUBJECT)
    found.begin()
    for episode in (made(0), made(1, False, failure='the "ball" <fell>'), made(2, False), made(3, False)):
        found.add(episode)
    return found


def film_of(episode, is_same=True):
    rng = np.random.default_rng(episode.seed)
    pictures = [rng.integers(0, 256, (32, 48, 3), dtype=np.uint8) for _ in range(6)]
    return Film(episode, pictures, is_same)


def test_report_holds_figures_and_films(results, tmp_path):
    films = [film_of(made(0)), film_of(made(1, False, failure='the "ball" <fell>'), is_same=False)]
    write_report(results, tmp_path / "report", films, [results])
    markdown = (tmp_path / "report" / MARKDOWN).read_text()
    assert "| reach | 4 | 25.0 % (4.6 to 69.9) |" in markdown
    assert "+0.0 points" in markdown
    assert "[![reach, seed 0" in markdown
    assert "went differently" in markdown
    assert count_frames(tmp_path / "report" / "reach-0.mp4") == 6


def test_html_is_one_file_and_shows_texts_as_texts(results, tmp_path):
    films = [film_of(made(1, False, failure='the "ball" <fell>'))]
    write_report(results, tmp_path / "report", films)
    page = (tmp_path / "report" / HTML).read_text()
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', page))
    assert len(re.findall(r'src="', page)) == 2
    assert "<fell>" not in page
    assert "&lt;fell&gt;" in page


def test_a_success_and_different_failures_are_shown(results):
    chosen = worth_showing(results, 2)
    assert [episode.seed for episode in chosen] == [0, 1, 2], "episodes 2 and 3 ended alike"
    assert [episode.seed for episode in worth_showing(results, 0)] == [0]


def test_film_of_another_model_is_refused(results, tmp_path):
    told = CliRunner().invoke(
        evaluate_app, ["report", str(results.folder), str(tmp_path / "report"), "--model", "expert"]
    )
    assert "holds results of someone" in str(told.exception)


def test_compare_prints_the_difference(results, tmp_path):
    other = Results(tmp_path / "other", Subject(ModelIdentity("b", "b"), EvaluationSettings(delay_ms=50)))
    other.begin()
    for episode in results.episodes.values():
        other.add(replace(episode, is_success=True))
    told = CliRunner().invoke(evaluate_app, ["compare", str(results.folder), str(other.folder)])
    assert told.exit_code == 0
    assert "+75.0 points" in " ".join(told.output.split())


def test_smoothness_of_a_known_motion(contract):
    limits = MotionLimits.from_contract(contract)
    times = np.arange(0.0, 2.0, 0.05)[:, None]
    speeding = 0.5 * limits.acceleration * 0.1 * times**2
    found = smoothness(speeding, 0.05, limits)
    assert found.acceleration == pytest.approx(0.1)
    assert found.jerk == pytest.approx(0.0, abs=1e-9)
    assert smoothness(limits.jerk * times**3 / 6 * 0.2, 0.05, limits).jerk == pytest.approx(0.2)
    assert smoothness(speeding[:3], 0.05, limits).acceleration == 0.0
