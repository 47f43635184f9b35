"""Pins that every verb of `dexora-train` is found, and that none waits for what only another one needs."""

import subprocess
import sys

import pytest
from dexora_train.cli import VERBS, app
from typer.testing import CliRunner

ASK = "import sys; from dexora_train.cli import main; sys.exit(main() or 'torch' in sys.modules)"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    told = CliRunner().invoke(app, [verb, "--help"])
    assert told.exit_code == 0, told.output
    assert f"Usage: root {verb} " in told.output


def test_verbs_are_listed_in_the_order_of_the_work():
    listed = CliRunner().invoke(app, ["--help"]).output.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == list(VERBS)


def test_verb_that_does_not_exist_is_refused_with_one_that_does():
    told = CliRunner().invoke(app, ["colect"])
    assert told.exit_code == 2
    assert "No such command 'colect'. Did you mean 'collect'" in told.output


def test_who_looks_at_a_dataset_does_not_wait_for_torch():
    done = subprocess.run([sys.executable, "-c", ASK, "check", "--help"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
