"""Pins the closing line of `make test` and that nothing that broke is counted as passed."""

import pytest
from checks.report import Counts, counts_of_junit

SUITE = (
    '<testsuites><testsuite name="pytest" tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'
)
JUNIT = SUITE.format(10, 1, 2, 3)
GOOD = SUITE.format(4, 0, 0, 0)


@pytest.fixture
def junit(tmp_path):
    def write(text):
        file = tmp_path / "result.xml"
        file.write_text(text)
        return file

    return write


def test_closing_line_without_skips():
    assert Counts(12, 0).closing_line() == "12 passed, 0 failed"


def test_closing_line_with_skips():
    assert Counts(12, 1, 3).closing_line() == "12 passed, 1 failed, 3 skipped"


def test_counts_add_up():
    assert Counts(1, 2, 3) + Counts(10, 20, 30) == Counts(11, 22, 33)


def test_errors_count_as_failures(junit):
    assert counts_of_junit(junit(JUNIT), 1) == Counts(4, 3, 3)


def test_good_run_is_counted(junit):
    assert counts_of_junit(junit(GOOD), 0) == Counts(4, 0, 0)


def test_run_that_broke_after_its_tests_counts_as_a_failure(junit):
    assert counts_of_junit(junit(GOOD), 3) == Counts(4, 1, 0)


def test_run_without_any_test_is_no_failure(junit):
    empty = SUITE.format(0, 0, 0, 0)
    assert counts_of_junit(junit(empty), 5) == Counts()


@pytest.mark.parametrize("text", ["", "<testsuites>"])
def test_unreadable_result_counts_as_a_failure(junit, text):
    assert counts_of_junit(junit(text), 0) == Counts(failed=1)


def test_missing_result_counts_as_a_failure(tmp_path):
    assert counts_of_junit(tmp_path / "none.xml", 0) == Counts(failed=1)
