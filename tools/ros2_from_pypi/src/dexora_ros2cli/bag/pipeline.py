"""A thread between the callbacks that receive messages and the disk that may stall.

Receiving never waits for the disk. What waits in between is bounded; when the bound is reached, messages are
dropped and counted, never silently. An error of the disk stops the writing and is kept for the owner to see.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dexora_ros2cli.bag.model import BagError, BagSummary, BagTopic
from dexora_ros2cli.bag.writer import BagWriter

DEFAULT_CACHE_BYTES = 100 * 1024 * 1024
WAKE_PERIOD_S = 0.05
SPACE_PERIOD_S = 1.0
# Enough to finish a bag with its index while others write to the same disk.
MINIMUM_FREE_BYTES = 64 * 1024 * 1024


class _Item(NamedTuple):
    topic: str
    data: bytes
    log_ns: int
    publish_ns: int
    sequence: int


def free_bytes(directory: Path) -> int:
    """Return the free space of the disk that holds `directory` [bytes]."""
    return shutil.disk_usage(directory).free


class WriterThread:
    """Owns a `BagWriter` and writes from a thread of its own.

    Args:
        writer: where messages go.
        cache_bytes: bound on the data that waits [bytes]; 0 means no bound.
        free: measures the free space; for tests.

    Attributes:
        dropped: number of messages that found the cache full.
        error: what ended the writing early, or None.
    """

    def __init__(
        self,
        writer: BagWriter,
        *,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.dropped = 0
        self.error: BagError | None = None
        self._writer = writer
        self._cache_bytes = cache_bytes
        self._free = free
        self._waiting: deque[_Item | BagTopic] = deque()
        self._waiting_bytes = 0
        self._wake = threading.Condition()
        self._is_stopping = False
        self._next_space_check_s = 0.0
        self._thread = threading.Thread(target=self._run, name="bag_writer", daemon=True)

    def start(self) -> None:
        """Begin to write.

        Raises:
            BagError: the disk is full already.
        """
        self._check_space()
        self._thread.start()

    def add_topic(self, topic: BagTopic) -> None:
        """Make a topic known before its first message."""
        with self._wake:
            self._waiting.append(topic)

    def put(self, topic: str, data: bytes, log_ns: int, publish_ns: int, sequence: int = 0) -> None:
        """Queue one message; returns at once. Arguments as in `BagWriter.write`."""
        with self._wake:
            if self.error is not None or (self._cache_bytes and self._waiting_bytes > self._cache_bytes):
                self.dropped += 1
                return
            self._waiting.append(_Item(topic, data, log_ns, publish_ns, sequence))
            self._waiting_bytes += len(data)

    def stop(self) -> BagSummary:
        """Write what waits, finish the bag, and return its summary.

        Raises:
            BagError: the bag could not be finished.
        """
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        self._thread.join()
        if isinstance(self.error, _DiskError):
            self._writer.abandon()
            return self._writer.summary
        return self._writer.close()

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BagError as error:
            # Out of space is noticed in time to finish the bag; anything else means the file is broken.
            self.error = error
        except Exception as error:  # noqa: BLE001 - a thread that died unseen would record nothing for hours
            self.error = _DiskError(
                f"Cannot go on writing '{self._writer.path}': {type(error).__name__}: {error}. "
                f"What was written before can be read: ros2 bag info {self._writer.directory}"
            )
            self.error.__cause__ = error

    def _step(self) -> bool:
        """Write everything that waits; false when it was the last time."""
        with self._wake:
            if not self._is_stopping:
                self._wake.wait(WAKE_PERIOD_S)
            is_last = self._is_stopping
            items, self._waiting = self._waiting, deque()
            self._waiting_bytes = 0
        for item in items:
            self._write(item)
        self._writer_call(self._writer.flush_if_due)
        self._check_space()
        return not is_last

    def _write(self, item: _Item | BagTopic) -> None:
        if isinstance(item, BagTopic):
            self._writer_call(lambda: self._writer.add_topic(item))
        else:
            self._writer_call(lambda: self._writer.write(*item))

    def _writer_call(self, action: Callable[[], None]) -> None:
        try:
            action()
        except BagError as error:
            raise _DiskError(str(error)) from error

    def _check_space(self) -> None:
        now_s = time.monotonic()
        if now_s < self._next_space_check_s:
            return
        self._next_space_check_s = now_s + SPACE_PERIOD_S
        try:
            free = self._free(self._writer.directory)
        except OSError as error:
            raise _DiskError(
                f"The bag '{self._writer.directory}' cannot be reached any more: {error.strerror}. "
                "Was it removed or its disk unplugged? Record again"
            ) from error
        if free < MINIMUM_FREE_BYTES:
            raise BagError(
                f"The disk of '{self._writer.directory}' has {free // 2**20} MiB left, less than the "
                f"{MINIMUM_FREE_BYTES // 2**20} MiB that a recording needs; free some or take another disk"
            )


class _DiskError(BagError):
    """Writing failed in the middle of the file."""
