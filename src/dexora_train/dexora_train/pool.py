"""Processes for work that is kept piece by piece: they end early, and never outlive the one that asked."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Thread

from dexora_core.errors import DexoraError


@contextmanager
def processes(count: int, error_type: type[DexoraError]) -> Iterator[ProcessPoolExecutor]:
    """Start processes; drop what has not begun when the block fails, and say it when one was killed.

    Args:
        count: How many.
        error_type: What is raised.

    Raises:
        DexoraError: One of the processes was killed; of the type given.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise error_type(
                "a worker was killed, perhaps for memory. What was finished is kept: start again to go on, "
                "with fewer workers or more free memory if it happens again."
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """End this process with its parent: one that was killed cannot tell it, and it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, name="ends with its parent", daemon=True).start()
