"""Pins that a full disk is told in one sentence, and that a dataset of something else gets no plots."""

import errno
import json
import sys
from pathlib import Path

import pytest
from dexora_train.data import layout
from dexora_train.evaluate.cli import evaluate_app
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.open_loop_plot import write_plots
from dexora_train.evaluate.report import write_report
from dexora_train.evaluate.results import Results
from dexora_train.evaluate.tables import Grid
from dexora_train.learning.errors import TrainingError
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from evaluate_cases import SUBJECT, made

GRID = Grid("nothing", ("column",), ())


@pytest.fixture
def results(tmp_path):
    found = Results(tmp_path / "results", SUBJECT)
    found.begin()
    found.add(made(0))
    return found


@pytest.fixture
def full_disk(monkeypatch, results):
    """Return results; nothing can be written any more once the results are there."""

    def refuse(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", refuse)
    return results


@pytest.mark.parametrize("write", [write_report, write_plots])
def test_full_disk_is_told_in_one_sentence(full_disk, tmp_path, write):
    arguments = (full_disk, tmp_path / "out") if write is write_report else (tmp_path / "out", [], GRID, None)
    with pytest.raises(EvaluationError, match=r"out: cannot be written \(.*No space left.*\); make room"):
        write(*arguments)


def test_plots_of_a_dataset_at_another_rate_are_refused(dataset, tmp_path):
    root = dataset(layout.V2)
    info = json.loads((root / layout.INFO).read_text())
    (root / layout.INFO).write_text(json.dumps(info | {"fps": 30}))
    told = CliRunner().invoke(evaluate_app, ["open-loop", str(tmp_path), str(root), str(tmp_path / "plots")])
    assert isinstance(told.exception, TrainingError)
    assert "fps is 30, the robot's policy runs at 20" in str(told.exception)
