"""What the operating system grants a loop that must not be late: priority, locked memory, no garbage runs."""

from __future__ import annotations

import ctypes
import gc
import os
from dataclasses import dataclass
from pathlib import Path

FALLBACK_NICE = -15
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Scheduling:
    """What was obtained.

    Attributes:
        label: For status messages, such as `SCHED_FIFO 40`.
        refusals: Why something was not obtained, one sentence each; empty when all was.
    """

    label: str
    refusals: tuple[str, ...]

    @property
    def is_realtime(self) -> bool:
        """Whether the loop runs before every ordinary process."""
        return self.label.startswith("SCHED_FIFO")


def obtain(priority: int, lock_memory: bool) -> Scheduling:
    """Ask for real-time priority and for memory that stays; take what is granted.

    All threads of the process get the priority, the calling one the highest: a loop that wakes on time learns
    nothing when the middleware's threads, which hand over the messages, wait for a processor.

    Args:
        priority: SCHED_FIFO priority of the calling thread, 2 to 80; 0 asks for nothing.
        lock_memory: Whether pages in use shall never be swapped out.
    """
    refusals: list[str] = []
    label = _priority(priority, refusals) if priority else "SCHED_OTHER"
    if lock_memory:
        locked = _lock_memory()
        label += ", memory locked" if not locked else ""
        refusals.extend([locked] if locked else [])
    return Scheduling(label, tuple(refusals))


def give_back() -> None:
    """Return to ordinary scheduling and let the garbage collector work again."""
    for thread in _threads():
        if os.sched_getscheduler(thread) != os.SCHED_OTHER:
            os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
    gc.enable()
    gc.unfreeze()


def stop_garbage_collection() -> None:
    """Collect once, keep what is alive out of later collections, and switch automatic ones off."""
    gc.collect()
    gc.freeze()
    gc.disable()


def collect_young() -> None:
    """Collect what was made since the last call; some 0.1 ms, for the slack of a loop."""
    gc.collect(0)


def _priority(priority: int, refusals: list[str]) -> str:
    try:
        for thread in _threads():
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(max(priority - 1, 1)))
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError as error:
        refusals.append(f"SCHED_FIFO {priority} was refused ({error.strerror})")
    else:
        return f"SCHED_FIFO {priority}"
    try:
        os.setpriority(os.PRIO_PROCESS, 0, FALLBACK_NICE)
    except OSError as error:
        refusals.append(f"nice {FALLBACK_NICE} was refused ({error.strerror})")
        return "SCHED_OTHER"
    return f"SCHED_OTHER nice {FALLBACK_NICE}"


def _threads() -> list[int]:
    return [int(entry.name) for entry in Path("/proc/self/task").iterdir()]


def _lock_memory() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return ""
    return f"mlockall was refused ({os.strerror(ctypes.get_errno())})"
