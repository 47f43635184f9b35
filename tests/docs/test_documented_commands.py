"""Pins that commands which the documentation shows are commands that there are, with those options."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from dexora_train.cli import app
from typer.core import TyperGroup

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "src/dexora_bringup/bundles/README.md",
]
SHOWN = re.compile(r"^ {4}(dexora-train .*)$|`(dexora-train [^`]*)`", re.MULTILINE)


def commands_of(page):
    return [indented or inline for indented, inline in SHOWN.findall(page.read_text())]


def test_commands_are_found():
    assert "dexora-train check demos" in commands_of(ROOT / "docs/how-to/collect_demonstrations.md")


def unknown_in(shown):
    """Return the verb or the options of a command line that `dexora-train` does not have."""
    _, *words = shlex.split(shown, comments=True)
    command = typer.main.get_command(app)
    while words and isinstance(command, TyperGroup):
        verb = command.get_command(typer.Context(command), words[0])
        if verb is None:
            return words[:1]
        command, words = verb, words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]


@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)], ids=lambda page: page.name)
def test_commands_of_the_workstation_exist_with_their_options(page):
    assert {shown: unknown for shown in commands_of(page) if (unknown := unknown_in(shown))} == {}


@pytest.mark.parametrize(
    ("shown", "unknown"),
    [
        ("dexora-train collect demos --task reach --speed 3  # not --speeds", ["--speed"]),
        ("dexora-train evaluate race", ["race"]),
        ("dexora-train evaluate run BUNDLE out --delay-ms=200", []),
    ],
)
def test_what_is_not_there_is_found(shown, unknown):
    assert unknown_in(shown) == unknown
