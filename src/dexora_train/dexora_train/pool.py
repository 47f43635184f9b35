"""How a pool of processes ends early whose work is kept piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from dexora_core.errors import DexoraError


@contextmanager
def ends_quickly(pool: Executor, error_type: type[DexoraError]) -> Iterator[None]:
    """Drop what has not begun when the block fails, and say it in a sentence when a process was killed.

    Args:
        pool: The processes.
        error_type: What is raised.

    Raises:
        DexoraError: One of the processes was killed; of the type given.
    """
    try:
        yield
    except BrokenProcessPool as error:
        raise error_type(
            "a worker was killed, perhaps for memory. What was finished is kept: start again to go on, with "
            "fewer workers or more free memory if it happens again."
        ) from error
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
