"""Work that may wait, one piece at a time in the slack of a loop, the most overdue first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class _Chore:
    run: Callable[[], None]
    period_ns: int
    due_ns: int = 0


class Chores:
    """A list of periodic chores.

    Args:
        periods_ns: Period of every chore [ns].
    """

    def __init__(self, periods_ns: Mapping[Callable[[], None], int]) -> None:
        self._chores = [_Chore(run, period_ns) for run, period_ns in periods_ns.items()]

    def do_one(self, now_ns: int) -> bool:
        """Run the most overdue chore; return whether one was due.

        Args:
            now_ns: Steady time.
        """
        chore = min(self._chores, key=lambda one: one.due_ns, default=None)
        if chore is None or chore.due_ns > now_ns:
            return False
        chore.due_ns = now_ns + chore.period_ns
        chore.run()
        return True
