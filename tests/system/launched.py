"""A launch file in a session and a ROS domain of its own: start, ask, interrupt, count what is left.

Every process below carries a marker in its environment, so that one that outlives its launch is found even if
it has left the session.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

MARKER = "DEXORA_TEST_RUN"
START_TIMEOUT_S = 120.0
# SIGINT, 5 s, SIGTERM, 5 s, SIGKILL, and a loaded machine.
LADDER_S = 20.0
SMALL_PICTURES = ("image_width:=64", "image_height:=48", "camera_rate:=5.0")
WORLD_ALONE = (*SMALL_PICTURES, "command_path:=false")
"""The twin and the robot's frames, for tests that are about nothing else."""
_FIRST_PORT, _PORTS_PER_DOMAIN, _FIRST_PARTICIPANT = 7400, 250, 10


def free_domain():
    """Return a domain in which no participant of this host lives; other test runs use 60 to 99."""
    candidates = list(range(1, 60))
    random.Random(os.getpid()).shuffle(candidates)
    for domain in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", _FIRST_PORT + _PORTS_PER_DOMAIN * domain + _FIRST_PARTICIPANT))
            except OSError:
                continue
            return domain
    raise RuntimeError("every ROS domain of this host is in use")


@dataclass(frozen=True)
class Answer:
    """What a finished command said."""

    code: int
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()


def answer_of(process, timeout_s=30.0):
    """Wait for the end of a command and return what it said."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Answer(process.returncode, out, err)


class Launched:
    """A running `ros2 launch` and the `ros2` command beside it.

    Args:
        directory: Where logs and outputs go.
        words: Launch file of dexora_bringup and its arguments.
        domain: ROS domain; a free one when left out.
    """

    def __init__(self, directory, *words, domain=None):
        self.directory = directory
        self.domain = free_domain() if domain is None else domain
        self.mark = uuid.uuid4().hex
        self.output_path = directory / f"{self.mark}.log"
        self.environment = dict(
            os.environ,
            ROS_DOMAIN_ID=str(self.domain),
            ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST",
            ROS_LOG_DIR=str(directory / "log"),
            PYTHONUNBUFFERED="1",
        )
        with self.output_path.open("wb") as output:
            self.process = subprocess.Popen(
                ["ros2", "launch", "dexora_bringup", *words],
                env={**self.environment, MARKER: self.mark},
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self):
        return self.output_path.read_text(encoding="utf-8", errors="replace")

    def start(self, *words, domain=None):
        """Start a `ros2` command in the same domain, or in another one."""
        pipe = subprocess.PIPE
        other = {} if domain is None else {"ROS_DOMAIN_ID": str(domain)}
        return subprocess.Popen(
            ["ros2", *words],
            env={**self.environment, MARKER: self.mark, **other},
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    def ask(self, *words, timeout_s=30.0, **options):
        """Run a `ros2` command to its end."""
        return answer_of(self.start(*words, **options), timeout_s)

    def ask_until(self, *words, contains, timeout_s=START_TIMEOUT_S):
        """Ask again and again until the answer has all the lines of `contains`."""
        end = time.monotonic() + timeout_s
        answer = Answer(-1, "", "no answer")
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):  # a busy machine: nothing was heard
                answer = self.ask(*words)
            missing = set(contains) - set(answer.lines)
            if not missing:
                return answer
            assert self.process.poll() is None, f"the launch ended:\n{self.output}"
            assert time.monotonic() < end, f"{missing} not in {words}:\n{answer.out}{answer.err}{self.output}"

    def wait_for_output(self, text, timeout_s=START_TIMEOUT_S, count=1):
        """Wait until the launch has printed `text`, so many times."""
        end = time.monotonic() + timeout_s
        while self.output.count(text) < count:
            assert self.process.poll() is None, f"the launch ended without {text!r}:\n{self.output}"
            assert time.monotonic() < end, f"no {text!r} within {timeout_s} s:\n{self.output}"
            time.sleep(0.05)

    def interrupt(self, is_group):
        """Ctrl-C as a terminal sends it (to all), or to the launch alone; return its exit code."""
        if is_group:
            os.killpg(self.process.pid, signal.SIGINT)
        else:
            self.process.send_signal(signal.SIGINT)
        return self.wait(LADDER_S)

    def wait(self, timeout_s):
        """Wait for the end of the launch by itself; return its exit code."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the launch did not end within {timeout_s} s:\n{self.output}") from None

    def pid_of(self, name):
        """Return the process id of the node called `name`, as the launch printed it."""
        found = re.search(rf"\[{name}-\d+\]: process started with pid \[(\d+)\]", self.output)
        assert found, self.output
        return int(found[1])

    def survivors(self):
        """Return process ids that the launch has left behind, in its session or anywhere else."""
        return sorted(set(_in_session(self.process.pid)) | set(_marked(self.mark)))

    def kill(self):
        """End everything that is left, whatever the test did."""
        for pid in self.survivors():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10.0)


def _processes():
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _marked(mark):
    needle = f"{MARKER}={mark}".encode()
    return [pid for pid in _processes() if needle in _read(pid, "environ") and not _is_zombie(pid)]


def _in_session(session):
    return [pid for pid in _processes() if _stat(pid)[3:4] == [str(session)] and not _is_zombie(pid)]


def _is_zombie(pid):
    return _stat(pid)[:1] in ([], ["Z"])


def _stat(pid):
    """Return the fields of /proc/<pid>/stat behind the name: state, parent, group, session, ..."""
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def _read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
