"""One set-up at a time per checkout."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from setup_workspace.errors import SetupError

WAIT_LIMIT_S = 1800.0


@contextlib.contextmanager
def one_at_a_time(path: Path, say: Callable[[str], None], limit_s: float = WAIT_LIMIT_S) -> Iterator[None]:
    """Hold the lock at `path`; wait for another set-up of this checkout and say so.

    The system releases the lock when the process ends, however it ends.

    Raises:
        SetupError: when the other set-up does not end within `limit_s` seconds.
    """
    with path.open("a+") as file:
        deadline_s = time.monotonic() + limit_s
        told = False
        while not _try(file.fileno()):
            owner = path.read_text().strip() or "unknown"
            if not told:
                say(f"another set-up of this checkout is running (process {owner}); waiting for it")
                told = True
            if time.monotonic() >= deadline_s:
                raise SetupError(
                    f"Another set-up of this checkout (process {owner}) has not ended within "
                    f"{limit_s:.0f} s: "
                    "end it and start again."
                )
            time.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
