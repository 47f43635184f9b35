"""Fixtures for the tests of launch: run entities in this process, or a launch file in another one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

try:
    import launch
except ImportError:
    launch = None
if launch is None or not (Path(launch.__path__[0]) / "_subset.py").exists():
    collect_ignore_glob = ["test_launch_*.py"]  # not installed, or an installed ROS 2 with tests of its own


@dataclass(frozen=True)
class Outcome:
    """How a launch ended and what it printed."""

    code: int
    out: str

    def pid_of(self, name):
        return int(re.search(rf"\[{name}-\d+\]: process started with pid \[(\d+)\]", self.out)[1])


@pytest.fixture
def log_root(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    launch.logging.reset()
    yield tmp_path / "log"
    launch.logging.reset()


@pytest.fixture
def run(log_root, capfd):
    """Run entities until nothing is left to do."""

    def run_entities(*entities, noninteractive=True, service=None):
        service = service or launch.LaunchService(noninteractive=noninteractive)
        service.include_launch_description(launch.LaunchDescription(list(entities)))
        code = service.run()
        sys.stdout.flush()
        return Outcome(code, capfd.readouterr().out)

    return run_entities


class LaunchProcess:
    """A launch file that runs in a process group of its own, as in a terminal."""

    def __init__(self, path, out_path, arguments, noninteractive):
        self._out_path = out_path
        program = (
            "import sys; from ros2launch.api import launch_a_launch_file as f; "
            f"sys.exit(f(launch_file_path={str(path)!r}, launch_file_arguments={list(arguments)!r}, "
            f"noninteractive={noninteractive}))"
        )
        with out_path.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def out(self):
        return self._out_path.read_text(encoding="utf-8")

    def wait_for(self, text, timeout_s=15.0):
        deadline = time.monotonic() + timeout_s
        while text not in self.out:
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{self.out}"
            assert self.process.poll() is None, f"ended before {text!r}:\n{self.out}"
            time.sleep(0.02)

    def press_ctrl_c(self):
        """Send SIGINT to the whole group, as a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def finish(self, timeout_s=20.0):
        return Outcome(self.process.wait(timeout_s), self.out)

    def members(self):
        """Return the process ids of the group that still run."""
        listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)
        rows = [line.split() for line in listed.stdout.splitlines()]
        return [int(pid) for pid, group, stat in rows if int(group) == self.process.pid and stat[0] != "Z"]


@pytest.fixture
def start(tmp_path, log_root):
    """Start a launch file, given as the text of its entities, in another process."""
    started = []

    def start_file(entities, arguments=(), noninteractive=False):
        path = tmp_path / f"file{len(started)}.launch.py"
        path.write_text(
            "import sys\nfrom launch import LaunchDescription\nfrom launch.actions import *\n"
            "from launch.event_handlers import *\nfrom launch.substitutions import *\n"
            "from launch_ros.actions import *\nfrom launch_ros.descriptions import *\n"
            f"def generate_launch_description():\n    return LaunchDescription([{entities}])\n"
        )
        started.append(LaunchProcess(path, tmp_path / f"out{len(started)}", arguments, noninteractive))
        return started[-1]

    yield start_file
    for one in started:
        for pid in one.members():
            os.kill(pid, signal.SIGKILL)
        one.process.wait()


@pytest.fixture
def python(tmp_path):
    """Return the command that runs a few lines of Python, and as `[cmd, ...]` text for launch files."""

    def command(text):
        return [sys.executable, "-u", "-c", text]

    return command


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """Install a package `demo` with an executable `talker` that prints its arguments."""
    root = tmp_path / "prefix"
    (root / "share" / "ament_index" / "resource_index" / "packages").mkdir(parents=True)
    for name in ("demo", "empty"):
        (root / "share" / "ament_index" / "resource_index" / "packages" / name).touch()
        (root / "share" / name).mkdir()
    (root / "lib" / "demo").mkdir(parents=True)
    talker = root / "lib" / "demo" / "talker"
    talker.write_text('#!/bin/sh\nprintf "args:"\nprintf " <%s>" "$@"\necho\n')
    talker.chmod(0o755)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(root))
    return root


@pytest.fixture
def arguments_of(run, prefix):
    """Run entities and return the arguments of every node, in order."""

    def run_nodes(*entities):
        outcome = run(*entities)
        assert outcome.code == 0, outcome.out
        lines = [line.partition("args:")[2] for line in outcome.out.splitlines() if "args:" in line]
        return [re.findall(r"<([^>]*)>", line) for line in lines]

    return run_nodes
