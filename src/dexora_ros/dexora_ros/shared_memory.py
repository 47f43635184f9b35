"""Removal of shared-memory files that killed processes left behind, 33 MiB each with our profile.

Fast DDS holds a lock on a `..._el` or `..._sl` file as long as the owner of a segment or port lives; the
kernel drops the lock with the process. A file whose locks are all free and that is not being created at this
moment belongs to nobody. `python -m dexora_ros.shared_memory` does the same by hand.
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from .transport import SHARED_MEMORY_PATH

# Fast DDS 3 says fastdds, Fast DDS 2 says fastrtps.
_LOCK_FILE = re.compile(r"^(?P<segment>(?:fastdds|fastrtps)_(?:[0-9a-z]{16}|port\d{1,5}))_(?:el|sl)$")
# A process creates its files and locks them a moment later.
_MINIMUM_AGE_S = 5.0


def remove_stale_segments(directory: Path = SHARED_MEMORY_PATH, *, now_s: float | None = None) -> list[Path]:
    """Remove the segments and ports whose owners are gone and return the files removed.

    Files of other users, files in use and files younger than 5 s are left alone.

    Args:
        directory: Where the shared memory lives.
        now_s: Wall-clock time to compute ages with [s]; the present when left out.
    """
    now_s = time.time() if now_s is None else now_s
    locks: dict[str, list[Path]] = {}
    for path in sorted(directory.iterdir()) if directory.is_dir() else ():
        match = _LOCK_FILE.match(path.name)
        if match:
            locks.setdefault(match["segment"], []).append(path)
    removed: list[Path] = []
    for segment, lock_files in locks.items():
        with ExitStack() as held:
            if all(_take_if_abandoned(path, now_s, held) for path in lock_files):
                removed.extend(_remove(directory, segment, lock_files))
    return removed


def _take_if_abandoned(lock_file: Path, now_s: float, held: ExitStack) -> bool:
    """Return True if the lock is free and old, and hold it then, so that nobody takes it over meanwhile."""
    try:
        status = lock_file.stat()
        if status.st_uid != os.getuid() or now_s - status.st_mtime < _MINIMUM_AGE_S:
            return False
        file = held.enter_context(lock_file.open("rb"))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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
