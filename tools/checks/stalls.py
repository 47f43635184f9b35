"""Tells how long the machine stood still while tests ran: a test of running processes cannot survive that."""

from __future__ import annotations

import threading
import time
from types import TracebackType

_PERIOD_S = 0.1


class StallWatch:
    """Measures, in a thread, how late a short sleep ends; the longest delay is `longest_s` [s]."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> StallWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        before_s = time.monotonic()
        while not self._is_over.wait(_PERIOD_S):
            now_s = time.monotonic()
            self.longest_s = max(self.longest_s, now_s - before_s - _PERIOD_S)
            before_s = now_s
