"""Pins what a user meets at the command line: help, refusals in one line, exit status, no traceback."""

import os
import runpy
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRY = ROOT / "tools/setup_workspace"
Version = namedtuple("Version", "major minor micro")


@pytest.fixture
def bare_checkout(tmp_path):
    """Return a function that puts the Makefile and the set-up into a new directory of a given name."""

    def make(name):
        root = tmp_path / name
        (root / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", root)
        shutil.copytree(ENTRY, root / "tools/setup_workspace", ignore=shutil.ignore_patterns("__pycache__"))
        return root

    return make


def run(root, *command, **variables):
    """Run a command in an environment without any ROS and return how it ended."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), **variables}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def refusal(ended):
    """Return the only line a refused set-up says, after checking that it is the only one."""
    said = [line for line in ended.stderr.splitlines() if not line.startswith("make: ***")]
    assert ended.returncode != 0
    assert len(said) == 1
    assert said[0].startswith("dexora: ")
    return said[0]


def test_make_alone_lists_what_can_be_made(bare_checkout):
    ended = run(bare_checkout("a"), "make")
    assert ended.returncode == 0
    targets = [line.split()[0] for line in ended.stdout.splitlines()]
    assert targets == ["help", "setup", "demo", "test", "check", "format", "bench", "bundle", "soak", "clean"]


@pytest.mark.parametrize("version", [Version(3, 9, 0), Version(3, 14, 0), Version(2, 7, 18)])
def test_wrong_python_is_refused_with_a_remedy(monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ENTRY / "__main__.py"), run_name="__main__")
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"dexora: Python {version.major}.{version.minor} cannot be used")
    assert "make setup PYTHON=python3.11" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("old", ["2.7", "3.6", "3.8", "3.9"])
def test_old_interpreter_understands_the_refusal(bare_checkout, old):
    places = [
        *Path("~/.pyenv/versions").expanduser().glob(f"{old}.*/bin/python"),
        Path(f"/usr/bin/python{old}"),
    ]
    found = next((path for path in places if path.exists()), None)
    if found is None:
        pytest.skip(f"Python {old} is not on this machine")
    assert f"Python {old} cannot be used" in refusal(
        run(bare_checkout("a"), "make", "setup", f"PYTHON={found}")
    )


def test_path_with_a_space_is_refused_in_one_line(bare_checkout):
    root = bare_checkout("my robot")
    assert "holds a space" in refusal(run(root, "make", "setup", f"PYTHON={sys.executable}"))
    assert not (root / ".setup").exists()


@pytest.mark.parametrize("target", ["setup", "demo", "test", "check"])
def test_sourced_ros_is_refused_in_one_line_by_every_target(bare_checkout, target):
    ended = run(bare_checkout("a"), "make", target, f"PYTHON={sys.executable}", ROS_DISTRO="jazzy")
    assert "ROS 2 'jazzy' is sourced" in refusal(ended)


def test_read_only_checkout_is_refused_in_one_line(bare_checkout):
    root = bare_checkout("a")
    bind = f"mount --bind -o ro {root} {root} && cd {root} && exec make setup PYTHON={sys.executable}"
    ended = run(
        root, "unshare", "--mount", "--map-root-user", "sh", "-c", f"mount --bind {root} {root} && {bind}"
    )
    if "unshare" in ended.stderr or "mount:" in ended.stderr:
        pytest.skip("this user may not mount")
    assert "cannot be written to" in refusal(ended)


def test_unknown_environment_lists_the_known_ones(bare_checkout):
    ended = run(bare_checkout("a"), "make", "setup", "FOR=everything", f"PYTHON={sys.executable}")
    assert ended.returncode != 0
    assert "robot" in ended.stderr
    assert "training" in ended.stderr
