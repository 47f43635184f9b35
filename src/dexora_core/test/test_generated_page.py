"""Generated pages are written, found current, and reported when they differ."""

from pathlib import Path

from dexora_core.generated_page import run


def test_page_is_written_where_it_belongs_and_then_current(tmp_path):
    page = tmp_path / "reference" / "page.md"
    assert run("make page", lambda: "new\n", page, []) == 0
    assert page.read_text() == "new\n"
    assert run("make page", lambda: "new\n", page, ["--check"]) == 0


def test_page_that_differs_is_reported_with_the_command_and_left_alone(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("old")
    assert run("make page", lambda: "new", page, ["--check"]) == 1
    assert capsys.readouterr().err == f"{page} is out of date: run make page\n"
    assert page.read_text() == "old"


def test_missing_page_is_out_of_date(tmp_path):
    assert run("make page", lambda: "new", Path(tmp_path / "none.md"), ["--check"]) == 1
