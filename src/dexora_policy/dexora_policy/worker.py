"""One thread that infers, one inference at a time, so that no callback of a node ever waits for a model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")

JOIN_S = 2.0
"""A thread that hangs in a model is left behind after this time; it ends with the process."""


@dataclass(frozen=True)
class Done(Generic[J, R]):
    """What became of a job.

    Attributes:
        job: The job.
        result: What it returned; None when it failed.
        error: What it raised; None when it did not.
    """

    job: J
    result: R | None
    error: Exception | None


class Worker(Generic[J, R]):
    """Runs jobs on a thread of its own.

    Args:
        run: Does a job; called on the worker's thread.
        deliver: Takes what became of it; called on the worker's thread too, so it should only hand it over.
    """

    def __init__(self, run: Callable[[J], R], deliver: Callable[[Done[J, R]], None]) -> None:
        self._run, self._deliver = run, deliver
        self._jobs: Queue[J | None] = Queue()
        self._is_busy = False
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way, or its result has not been `collected`."""
        return self._is_busy

    def submit(self, job: J) -> None:
        """Begin a job; one must not be under way."""
        assert not self._is_busy
        self._is_busy = True
        self._jobs.put(job)

    def collected(self) -> None:
        """Tell that a result has been taken: the next job may come."""
        self._is_busy = False

    def close(self) -> bool:
        """End the thread after the job under way; return False when that does not end."""
        self._jobs.put(None)
        self._thread.join(JOIN_S)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                done = Done[J, R](job, self._run(job), None)
            except Exception as error:  # noqa: BLE001 - returned as a value; the node logs or latches it
                done = Done(job, None, error)
            self._deliver(done)
