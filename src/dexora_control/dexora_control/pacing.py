"""Absolute pacing: a loop that wakes at multiples of its period, whatever it did in between."""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from dexora_core.clock import NS_PER_S

_CLOCK_MONOTONIC = 1
_TIMER_ABSTIME = 1


class _TimeSpec(ctypes.Structure):
    """`struct timespec` of the C library."""

    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


_LIBC = ctypes.CDLL(None, use_errno=True)


def sleep_until(deadline_ns: int) -> None:
    """Sleep until a time of the monotonic clock [ns]; other threads run meanwhile, a signal ends it early.

    Raises:
        OSError: The C library refuses the time.
    """
    seconds, nanoseconds = divmod(deadline_ns, NS_PER_S)
    spec = _TimeSpec(seconds, nanoseconds)
    code = _LIBC.clock_nanosleep(_CLOCK_MONOTONIC, _TIMER_ABSTIME, ctypes.byref(spec), None)
    if code not in {0, errno.EINTR}:
        raise OSError(code, f"clock_nanosleep until {deadline_ns} ns: {os.strerror(code)}")


@dataclass(frozen=True, slots=True)
class Wake:
    """One wake-up of the loop.

    Attributes:
        due_ns: When it was due [ns].
        now_ns: When it happened [ns].
        skipped: Periods that passed unused before it.
    """

    due_ns: int
    now_ns: int
    skipped: int

    @property
    def lateness_ns(self) -> int:
        """How late it was, skipped periods included [ns]."""
        return self.now_ns - self.due_ns


class Pacer:
    """Hands out wake-ups at absolute times.

    A wake-up that is more than a period late is one wake-up, not several: what was missed is counted and
    never made up for.

    Args:
        period_ns: Period [ns].
        now_ns: Reads the monotonic clock.
        sleep: Sleeps until a time of that clock.
    """

    def __init__(
        self,
        period_ns: int,
        now_ns: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[int], None] = sleep_until,
    ) -> None:
        self.period_ns = period_ns
        self._now_ns, self._sleep = now_ns, sleep
        self._due_ns = now_ns() + period_ns

    @property
    def due_ns(self) -> int:
        """When the next wake-up is due [ns]."""
        return self._due_ns

    def restart(self) -> None:
        """Forget what was missed; the next wake-up is a period from now."""
        self._due_ns = self._now_ns() + self.period_ns

    def wait(self) -> Wake:
        """Sleep until the next wake-up is due."""
        due_ns = self._due_ns
        if self._now_ns() < due_ns:
            self._sleep(due_ns)
        now_ns = self._now_ns()
        skipped = max(now_ns - due_ns, 0) // self.period_ns
        self._due_ns = due_ns + (skipped + 1) * self.period_ns
        return Wake(due_ns, now_ns, skipped)
