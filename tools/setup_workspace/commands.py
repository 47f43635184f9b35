"""Runs commands with a complete log, each in a session of its own that is ended with the set-up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_workspace.errors import Interrupted
from setup_workspace.paths import Workspace

_TAIL_LINES = 200
_GRACE_S = 5.0


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Attributes:
        returncode: Exit status.
        tail: Its last lines of output, oldest first.
    """

    returncode: int
    tail: tuple[str, ...]


class Commands:
    """Runs the set-up's commands one after the other."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._running = workspace.state / "running.json"

    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        on_line: Callable[[str], None] = lambda _: None,
    ) -> Outcome:
        """Run `command` in the root of the checkout; every line goes to the log and to `on_line`.

        Raises:
            Interrupted: when the set-up was asked to stop; the command and its children have ended by then.
        """
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        with self._workspace.log.open("a", errors="replace") as log:
            log.write(f"$ {' '.join(command)}\n")
            log.flush()
            process = subprocess.Popen(
                command, cwd=self._workspace.root, env=dict(environment), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                start_new_session=True,
            )  # fmt: skip
            self._running.write_text(json.dumps({"session": process.pid, "boot": _boot_id()}))
            try:
                for line in process.stdout or ():
                    log.write(line)
                    tail.append(line.rstrip("\n"))
                    on_line(tail[-1])
                process.wait()
            except (Interrupted, KeyboardInterrupt):
                _end_session(process.pid, self._workspace.root)
                process.wait()
                raise
            log.write(f"= {process.returncode}\n")
        self._running.unlink(missing_ok=True)
        return Outcome(process.returncode, tuple(tail))

    def end_leftovers(self) -> bool:
        """End what a killed set-up left running in this checkout; tell whether there was anything.

        Only processes of the recorded session whose working directory lies in this checkout are touched.
        """
        try:
            record = json.loads(self._running.read_text())
            session, boot = int(record["session"]), str(record["boot"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            self._running.unlink(missing_ok=True)
            return False
        found = boot == _boot_id() and _end_session(session, self._workspace.root)
        self._running.unlink(missing_ok=True)
        return found


def _boot_id() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "unknown"


def _session_members(session: int, root: Path) -> Iterator[int]:
    """Yield the living processes of a session that work inside `root`."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            # After the command's name, which may hold blanks: state, parent, group, session.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            inside = (entry / "cwd").resolve().is_relative_to(root)
            if int(fields[3]) == session and fields[0] != "Z" and inside:
                yield int(entry.name)


def _end_session(session: int, root: Path) -> bool:
    """Ask the processes of a session to end, then make them; tell whether there were any."""
    found = False
    for number in (signal.SIGTERM, signal.SIGKILL):
        members = list(_session_members(session, root))
        found = found or bool(members)
        for pid in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline_s = time.monotonic() + _GRACE_S
        while time.monotonic() < deadline_s and any(_session_members(session, root)):
            time.sleep(0.05)
    return found
