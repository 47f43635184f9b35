"""Pins what a second look forgives: a test that passes then is told and counted, no other."""

import subprocess
import time

import pytest
from checks import suite
from checks.report import Counts
from checks.stalls import StallWatch

ALWAYS_BAD = "def test_bad():\n    assert False\n"
BAD_ONCE = """
import time
from pathlib import Path

def test_late():
    mark = Path(__file__).with_suffix(".mark")
    was_there = mark.exists()
    mark.touch()
    assert was_there
"""
GOOD = "def test_good():\n    pass\n"
HANGS = """
    Path(__file__).with_name("begun").touch()
    time.sleep(600.0)
"""
ENDLESS = f"import time\nfrom pathlib import Path\n\ndef test_endless():{HANGS}"
TWICE = suite.Part("system", ("-p", "no:xdist"), looks=2)


@pytest.fixture
def run(tmp_path, capsys):
    def run_files(part, **files):
        (tmp_path / "src").mkdir()
        for name, text in files.items():
            (tmp_path / "src" / f"test_{name}.py").write_text(text)
        counts = suite._run(part, tmp_path, tmp_path / "result.xml")
        return counts, capsys.readouterr().out

    return run_files


def test_test_that_passes_the_second_time_is_counted_and_named(run):
    counts, told = run(TWICE, late=BAD_ONCE, good=GOOD)
    assert counts == Counts(2, 0)
    assert "unstable: src.test_late.test_late failed first and passed then" in told


def test_test_that_fails_twice_has_failed(run):
    counts, told = run(TWICE, late=BAD_ONCE, bad=ALWAYS_BAD, good=GOOD)
    assert counts == Counts(2, 1)
    assert "test_bad failed first" not in told


def test_without_a_second_look_the_first_counts(run):
    counts, told = run(suite.Part("unit", ("-p", "no:xdist")), late=BAD_ONCE)
    assert counts == Counts(0, 1)
    assert "a second time" not in told


def test_many_failures_are_not_looked_at_again(run, monkeypatch):
    monkeypatch.setattr(suite, "_MOST_SECOND_LOOKS", 1)
    counts, told = run(TWICE, late=BAD_ONCE, bad=ALWAYS_BAD)
    assert counts == Counts(0, 2)
    assert "a second time" not in told


def test_file_that_cannot_be_collected_stays_a_failure(run):
    counts, _ = run(TWICE, broken="import nothing_of_this_name\n", good=GOOD)
    assert counts.failed == 1


@pytest.fixture
def limit(tmp_path, monkeypatch):
    """The time is up when the endless test has begun."""

    def wait(tests):
        while not (tmp_path / "src/begun").exists():
            if tests.poll() is not None:
                return tests.returncode
            time.sleep(0.02)
        raise subprocess.TimeoutExpired("pytest", 0.0)

    monkeypatch.setattr(suite, "_wait", wait)


def test_part_that_takes_too_long_tells_what_it_has_found_and_nothing_is_forgiven(run, limit):
    counts, told = run(TWICE, a_late=BAD_ONCE, b_good=GOOD, endless=ENDLESS)
    assert counts == Counts(1, 2)
    assert "the tests are ended after " in told
    assert "a second time" not in told


def test_second_look_that_takes_too_long_forgives_nothing(run, limit):
    counts, told = run(TWICE, a_late=BAD_ONCE, endless=BAD_ONCE + HANGS)
    assert counts == Counts(0, 2)
    assert "a second time" in told
    assert "failed first and passed then" not in told


def test_machine_that_does_not_stand_still_is_told_so():
    with StallWatch() as stalls:
        pass
    assert stalls.longest_s == 0.0
