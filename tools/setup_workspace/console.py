"""What the user sees: one line per step with its seconds, and a sign of life during long ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_SIGN_OF_LIFE_S = 15.0


class Console:
    """Writes progress lines. Nothing is written at all when there is nothing to do."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._started_s = clock()
        self._step_s = self._started_s
        self._alive_s = self._started_s
        self._step = ""

    def say(self, text: str) -> None:
        """Write one line for the user."""
        self._stream.write(f"dexora: {text}\n")
        self._stream.flush()

    def begin(self, step: str) -> None:
        """Announce a step that has work to do."""
        self._step = step
        self._step_s = self._alive_s = self._clock()
        self.say(f"{step} ...")

    def alive(self, what: str) -> None:
        """Write `what` when the step has been silent for a while."""
        now_s = self._clock()
        if now_s - self._alive_s >= _SIGN_OF_LIFE_S:
            self.say(f"  {now_s - self._step_s:4.0f} s  {what}")
            self._alive_s = now_s

    def detail(self, what: str) -> None:
        """Write a finished part of the step, always."""
        self._alive_s = self._clock()
        self.say(f"  {self._alive_s - self._step_s:4.0f} s  {what}")

    def end(self) -> None:
        """Write how long the step took."""
        self.say(f"{self._step}: done in {self._clock() - self._step_s:.1f} s")

    def elapsed_s(self) -> float:
        """Return the seconds since the set-up started."""
        return self._clock() - self._started_s
