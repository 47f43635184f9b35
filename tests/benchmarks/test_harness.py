"""Benchmark harness: order of blocks, bars, exit codes, and an archive that can be read back."""

import json
import math
import sys

import _conditions
import _harness
import pytest
from _conditions import ForeignLoad, conditions
from _harness import Bar, Percentiles, Report, alternate, main, median_of, table


def test_blocks_alternate_between_the_sides():
    order = []
    results = alternate({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    assert order == ["a", "b"] * 3
    assert {name: len(blocks) for name, blocks in results.items()} == {"a": 3, "b": 3}


def test_percentiles_of_known_samples():
    summary = Percentiles.of(list(range(101)))
    assert (summary.n, summary.p50, summary.p95, summary.p99, summary.max) == (101, 50.0, 95.0, 99.0, 100.0)


def test_no_samples_give_nan_and_miss_every_bar():
    value = Percentiles.of([]).p50
    assert math.isnan(value)
    assert not Bar("R", "lost", value, 1.0, 2.0).is_met
    assert not Bar("R", "lost", value, 1.0, 2.0, lower_is_better=True).is_met
    assert math.isnan(median_of([value]))


@pytest.mark.parametrize(
    ("value", "lower_is_better", "is_met", "reaches_goal"),
    [
        (2.5, False, True, False),
        (5.0, False, True, True),
        (2.4, False, False, False),
        (2.0, True, True, True),
    ],
)
def test_bar_compares_in_its_direction(value, lower_is_better, is_met, reaches_goal):
    bar = Bar("R1", "ratio", value, 2.5, 5.0 if not lower_is_better else 2.0, lower_is_better=lower_is_better)
    assert (bar.is_met, bar.reaches_goal) == (is_met, reaches_goal)


def test_table_aligns_columns_under_the_titles_of_the_first_row():
    text = table([{"name": "a", "ms": 1.23456}, {"name": "longer", "ms": 2}])
    assert text.splitlines() == ["name    ms", "------  -----", "a       1.235", "longer  2"]


@pytest.mark.parametrize(
    ("value", "arguments", "code"), [(3.0, ["--check"], 0), (1.0, ["--check"], 1), (1.0, [], 0)]
)
def test_check_fails_only_on_a_missed_bar(monkeypatch, capsys, value, arguments, code):
    monkeypatch.setattr(sys, "argv", ["sample", *arguments])
    report = Report(rows=[{"side": "a", "ms": 1.0}], bars=[Bar("R1", "ratio", value, 2.5, 5.0)])
    assert main("sample", "Sample.", lambda _options: report) == code
    output = capsys.readouterr().out
    assert ("BAR MISSED" in output) == (value < 2.5)
    assert "cores:" in output


def test_archive_holds_conditions_bars_and_raw_samples(monkeypatch, tmp_path):
    path = tmp_path / "results" / "sample.json"
    monkeypatch.setattr(sys, "argv", ["sample", "--quick", "--json", str(path)])

    def measure(options: _harness.Options) -> Report:
        assert options.quick
        return Report(bars=[Bar("R1", "ratio", 3.0, 2.5, 5.0)], samples={"a": [1.0, 2.0]})

    assert main("sample", None, measure) == 0
    archive = json.loads(path.read_text())
    assert archive["samples"] == {"a": [1.0, 2.0]}
    assert archive["bars"][0]["is_met"] is True
    assert {"cpu", "kernel", "versions", "commit", "foreign_cpu_percent"} <= archive["conditions"].keys()
    assert archive["options"] == {"quick": True, "repetitions": 1, "block_s": 3.0}


def test_conditions_name_the_machine_and_the_versions():
    found = conditions()
    assert found["cpu"]
    assert found["cores"] >= 1
    assert "numpy" in found["versions"]


def test_own_work_is_not_foreign_load(monkeypatch):
    readings = {"busy": 10.0, "own": 1.0, "clock": 100.0}
    monkeypatch.setattr(_conditions, "_machine_busy_s", lambda: readings["busy"])
    monkeypatch.setattr(_conditions, "_own_cpu_s", lambda: readings["own"])
    monkeypatch.setattr(_conditions.time, "monotonic", lambda: readings["clock"])
    load = ForeignLoad()
    readings.update(busy=16.0, own=5.0, clock=110.0)
    assert load.percent_of_one_core() == pytest.approx(20.0)
