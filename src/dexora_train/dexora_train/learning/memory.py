"""Keeps freed memory in the process: a training step frees and takes the same megabytes again and again."""

from __future__ import annotations

import ctypes

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_LARGEST, _STEP_BYTES = 2**31 - 1, 64 * 2**20


def keep_memory() -> bool:
    """Tell the C library to give no memory back: a step on two cores then takes a third of the time.

    By default every large array is mapped anew, and each of its pages is a fault. Call it before other
    threads are busy.

    Returns:
        Whether the C library took the settings; others than glibc have none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, _LARGEST), (_TOP_PAD, _STEP_BYTES))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)
