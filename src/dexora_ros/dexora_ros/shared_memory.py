"""What to do with shared-memory files that killed processes left behind, 33 MiB each with our profile.

Fast DDS holds a lock on a `..._el` or `..._sl` file as long as the owner of a segment or port lives; the
kernel drops the lock with the process. A file whose locks are all free and that is not being created at this
moment belongs to nobody. `python -m dexora_ros.shared_memory` removes what is left by hand.

A port of a killed process must not be used again soon: Fast DDS would make a new file of the same name, and
everybody who knew the dead process would go on writing into the old one for up to four seconds, so that the
restarted process is matched, is heard, and hears nothing (Fast DDS 3.2, pull request 4728).
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from .transport import SHARED_MEMORY_PATH

# Fast DDS 3 says fastdds, Fast DDS 2 says fastrtps.
_LOCK_FILE = re.compile(r"^(?P<segment>(?:fastdds|fastrtps)_(?:[0-9a-z]{16}|port\d{1,5}))_(?:el|sl)$")
# A process creates its files and locks them a moment later.
_MINIMUM_AGE_S = 5.0
_JUST_CREATED_S = 0.2
# So long after a death somebody may write into the port; Fast DDS needs up to four seconds to find it dead.
_REMEMBERED_S = 10.0
_PORT = re.compile(r"_port(?P<number>\d{1,5})$")
_PORTS_OF_DOMAIN_0, _PORTS_PER_DOMAIN = 7400, 250


@contextmanager
def avoid_dead_ports(directory: Path = SHARED_MEMORY_PATH, *, domain_id: int | None = None) -> Iterator[None]:
    """Let this process use no port of a dead one: as long as the context lasts they look taken to Fast DDS.

    To be entered before the middleware starts.

    Args:
        directory: Where the shared memory lives.
        domain_id: ROS domain; that of `ROS_DOMAIN_ID` when left out.
    """
    if domain_id is None:
        text = os.environ.get("ROS_DOMAIN_ID", "")
        domain_id = int(text) if text.isdigit() else 0
    first = _PORTS_OF_DOMAIN_0 + domain_id * _PORTS_PER_DOMAIN
    now_s = time.time()
    with ExitStack() as held:
        for segment, lock_files in _lock_files(directory).items():
            port = _PORT.search(segment) if (directory / segment).exists() else None
            if port and first <= int(port["number"]) < first + _PORTS_PER_DOMAIN:
                for path in lock_files:
                    file = _take_if_abandoned(path, now_s, _JUST_CREATED_S, held)
                    if file is not None:
                        _found_dead_s(file, now_s)
        yield


def remove_stale_segments(directory: Path = SHARED_MEMORY_PATH, *, now_s: float | None = None) -> list[Path]:
    """Remove the segments and ports whose owners are gone and return the files removed.

    Files of other users, files in use and files younger than 5 s are left alone, and so are ports until 10 s
    after they were first found dead.

    Args:
        directory: Where the shared memory lives.
        now_s: Wall-clock time to compute ages with [s]; the present when left out.
    """
    now_s = time.time() if now_s is None else now_s
    removed: list[Path] = []
    for segment, lock_files in _lock_files(directory).items():
        with ExitStack() as held:
            taken = [_take_if_abandoned(path, now_s, _MINIMUM_AGE_S, held) for path in lock_files]
            files = [file for file in taken if file is not None]
            if len(files) == len(taken) and not _is_remembered(directory / segment, files, now_s):
                removed.extend(_remove(directory, segment, lock_files))
    return removed


def _lock_files(directory: Path) -> dict[str, list[Path]]:
    """Return the lock files by segment or port."""
    locks: dict[str, list[Path]] = {}
    for path in sorted(directory.iterdir()) if directory.is_dir() else ():
        match = _LOCK_FILE.match(path.name)
        if match:
            locks.setdefault(match["segment"], []).append(path)
    return locks


def _take_if_abandoned(
    lock_file: Path, now_s: float, minimum_age_s: float, held: ExitStack
) -> BinaryIO | None:
    """Return the file if its lock is free and old, and hold the lock then, so that nobody takes it over."""
    try:
        status = lock_file.stat()
        if status.st_uid != os.getuid() or now_s - status.st_mtime < minimum_age_s:
            return None
        file = held.enter_context(lock_file.open("rb"))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    return file


def _found_dead_s(file: BinaryIO, now_s: float) -> float:
    """Return when a lock file was first found abandoned, noted by an access time of zero: nobody reads it."""
    status = os.fstat(file.fileno())
    if status.st_atime_ns == 0:
        return status.st_mtime
    os.utime(file.fileno(), ns=(0, round(now_s * 1e9)))
    return now_s


def _is_remembered(segment: Path, files: list[BinaryIO], now_s: float) -> bool:
    """Return whether others may still write to a dead port: its file goes when they notice."""
    if not _PORT.search(segment.name) or not segment.exists():
        return False
    return now_s - max(_found_dead_s(file, now_s) for file in files) < _REMEMBERED_S


def _remove(directory: Path, segment: str, lock_files: list[Path]) -> list[Path]:
    candidates = [directory / segment, directory / f"sem.{segment}_mutex", *lock_files]
    present = [path for path in candidates if path.exists()]
    for path in present:
        path.unlink(missing_ok=True)
    return present


def main() -> int:
    """Remove stale segments and say how many files went."""
    removed = remove_stale_segments()
    sys.stdout.write(f"removed {len(removed)} stale shared-memory files from {SHARED_MEMORY_PATH}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
