"""The public release's loop, as a baseline: look, stand still while thinking, play the chunk blindly."""

from __future__ import annotations

import numpy as np
from dexora_core.faults import Fault
from dexora_core.motion.limits import FloatArray
from dexora_policy.policy_runner import Prediction
from dexora_policy.scheduler import Plan


class ReleasedLoop:
    """Plays one step of a chunk per 50 ms, from the first to the last, then looks again.

    There is no timeline, no gate and no prefix, as there is none in the release; the twin alone limits the
    joints' velocity. A chunk that comes between two steps waits for the next one.

    Args:
        delay_ns: Time from observation to usable chunk [ns].
        position: Where the robot rests, shape (J,) [rad].
    """

    end: Fault | None = None

    def __init__(self, delay_ns: int, position: FloatArray) -> None:
        self._delay_ns = delay_ns
        self._target = position.copy()
        self._nothing = np.empty((0, len(position)))
        self._chunk: FloatArray | None = None
        self._ready_ns = self._next = 0
        self.discarded = 0

    def wants(self, now_ns: int) -> Plan | None:
        """Return an inference when the chunk before has been played to its end."""
        return Plan(now_ns, now_ns, self._nothing) if self._chunk is None else None

    def answer(self, plan: Plan, answer: Prediction | Fault, _measured: FloatArray) -> None:
        """Take a chunk; without one the robot holds and looks again."""
        if isinstance(answer, Fault):
            self.discarded += 1
            return
        self._chunk, self._next = answer.positions.astype(np.float64), 0
        self._ready_ns = plan.begin_ns + self._delay_ns

    def advance(self, now_ns: int, _until_ns: int, _measured: FloatArray) -> FloatArray:
        """Return the next step of the chunk, or the last target while there is none; shape (J,) [rad]."""
        if self._chunk is not None and now_ns >= self._ready_ns:
            self._target = self._chunk[self._next]
            self._next += 1
            if self._next == len(self._chunk):
                self._chunk = None
        return self._target
