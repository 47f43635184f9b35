"""A small robot world, in a process and a ROS domain of its own, for the tests of the `ros2` command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORLD = Path(__file__).with_name("world.py")
# With the stock profile a process reaches only the first four participants of a host, whatever their domain:
# other ROS processes on the machine would hide the world. The suite's profile reaches sixty-four.
PROFILE = Path(__file__).parents[4] / "src" / "dexora_ros" / "dexora_ros" / "profiles" / "fastdds.xml"


class Cli:
    """Runs the `ros2` command as users do."""

    def __init__(self, directory, environment):
        self.directory = directory
        self.environment = environment

    def start(self, *words):
        return subprocess.Popen(
            [sys.executable, "-m", "dexora_ros2cli", *map(str, words)],
            cwd=self.directory,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(self, *words, timeout=20):
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, out, err

    def interrupted(self, *words, when, timeout=20):
        """Run until a line of the output contains `when`, press Ctrl-C, and return code and output."""
        process = self.start(*words)
        lines = []
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and not (lines and when in lines[-1]):
            line = process.stdout.readline()
            if not line:
                break
            lines.append(line)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=timeout)
        return process.returncode, "".join(lines) + out, err


@pytest.fixture(scope="session")
def live_environment():
    """The environment of the world and of every command: own domain, this host only."""
    return os.environ | {
        "ROS_DOMAIN_ID": str(70 + os.getpid() % 30),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "FASTDDS_DEFAULT_PROFILES_FILE": str(PROFILE),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="module")
def world(live_environment):
    """The running world; yields its process."""
    process = subprocess.Popen(
        [sys.executable, str(WORLD)], env=live_environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.terminate()
    process.wait(10)


@pytest.fixture
def cli(world, live_environment, tmp_path):
    """The `ros2` command in an empty directory, with the world running."""
    return Cli(tmp_path, live_environment)
