"""The generated page of parameters: finds classes by itself, and `--check` notices an old page."""

import pytest

from dexora_ros import parameter_reference


@pytest.fixture
def only_ours(monkeypatch):
    page = parameter_reference.reference_page(["dexora_ros"])
    monkeypatch.setattr(parameter_reference, "reference_page", lambda: page)


def test_page_lists_the_parameters_of_every_node(only_ours):
    page = parameter_reference.reference_page()
    assert "## BaseParameters" in page
    assert "| `autostart` | `bool` | `false` |" in page


def test_check_accepts_a_fresh_page_and_refuses_an_old_one(only_ours, tmp_path, capsys):
    output = tmp_path / "reference" / "parameters.md"
    assert parameter_reference.main(["--check", "--output", str(output)]) == 1
    assert "is out of date: run python -m dexora_ros.parameter_reference" in capsys.readouterr().err
    assert parameter_reference.main(["--output", str(output)]) == 0
    assert parameter_reference.main(["--check", "--output", str(output)]) == 0
    output.write_text(output.read_text() + "edited by hand\n")
    assert parameter_reference.main(["--check", "--output", str(output)]) == 1
