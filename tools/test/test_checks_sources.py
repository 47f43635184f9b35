"""Pins the security and size rules: what is planted is found, what is allowed passes."""

from pathlib import Path

import pytest
from checks.security import ALLOWED, check_security
from checks.size import check_size

ROOT = Path(__file__).resolve().parents[2]


def plant(tmp_path, text, name="src/dexora_core/dexora_core/planted.py"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("import pickle", "imports pickle"),
        ("from dill import loads", "imports dill"),
        ("def f():\n    import cloudpickle", "imports cloudpickle"),
        ("x = eval('1')", "eval: runs code from data"),
        ("exec('1')", "exec: runs code from data"),
        ("import os\nos.system('ls')", "os.system"),
        ("import yaml\nyaml.load('a')", "use yaml.safe_load"),
        ("import yaml\nyaml.load('a', Loader=yaml.Loader)", "use yaml.safe_load"),
        ("import subprocess\nsubprocess.run('ls', shell=True)", "shell=True: starts a shell"),
        ("import subprocess\nsubprocess.run('ls', shell=flag)", "shell=True: starts a shell"),
        ("m = load('x', trust_remote_code=True)", "trust_remote_code=True"),
        ("import numpy\nnumpy.load('x', allow_pickle=True)", "allow_pickle=True"),
        ("import torch\ntorch.load('x')", "torch.load"),
        ("host = '0.0.0.0'", "opens a port to every network"),
    ],
)
def test_unsafe_construct_is_found(tmp_path, text, finding):
    found = check_security(plant(tmp_path, text + "\n"))
    assert len(found) == 1
    assert finding in str(found[0])


@pytest.mark.parametrize(
    "text",
    [
        "import yaml\nyaml.safe_load('a')",
        "import yaml\nyaml.load('a', Loader=yaml.SafeLoader)",
        "import yaml\nclass Strict(yaml.SafeLoader):\n    pass\nyaml.load('a', Loader=Strict)",
        "model.eval()",
        "import subprocess\nsubprocess.run(['ls'], shell=False)",
        "text = 'pickle eval( shell=True'",
        "host = '127.0.0.1'",
    ],
)
def test_safe_construct_passes(tmp_path, text):
    assert check_security(plant(tmp_path, text + "\n")) == []


def test_open_door_in_a_settings_file_is_found(tmp_path):
    found = check_security(plant(tmp_path, "host: 0.0.0.0\n", "src/dexora_bringup/config/viewer.yaml"))
    assert "viewer.yaml:1" in str(found[0])


def test_planted_offence_in_a_test_is_allowed(tmp_path):
    assert check_security(plant(tmp_path, "import pickle\n", "src/dexora_core/test/test_planted.py")) == []


def test_this_checkout_is_safe():
    assert [str(finding) for finding in check_security(ROOT)] == []


def test_every_exception_is_still_needed():
    for (file, construct), reason in ALLOWED.items():
        assert f"{construct}(" in (ROOT / file).read_text()
        assert reason


def test_longest_allowed_function_passes_and_one_line_more_is_found(tmp_path):
    plant(tmp_path, "def f():\n" + "    x = 1\n" * 49)
    assert check_size(tmp_path) == []
    plant(tmp_path, "def f():\n" + "    x = 1\n" * 50)
    assert "function f has 51 lines, the limit is 50" in str(check_size(tmp_path)[0])


def test_longest_allowed_file_passes_and_one_line_more_is_found(tmp_path):
    plant(tmp_path, "x = 1\n" * 300)
    assert check_size(tmp_path) == []
    plant(tmp_path, "x = 1\n" * 301)
    assert "301 lines, the limit is 300" in str(check_size(tmp_path)[0])


@pytest.mark.parametrize(("note", "count"), [("# TODO: later", 1), ("# FIXME", 1), ("# TODO(#12): later", 0)])
def test_note_without_an_issue_is_found(tmp_path, note, count):
    assert len(check_size(plant(tmp_path, f"x = 1  {note}\n"))) == count
