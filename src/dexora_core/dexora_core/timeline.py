"""The motion wanted over time: which chunks take part, and what they say about a moment.

Steps that are past are skipped by time, never replayed late (only the baseline `replay` does). A chunk
expires by time. After a stall, an expiry or a change of owner no old chunk comes back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from dexora_core.chunk import ActionChunk
from dexora_core.clock import NS_PER_MS, ns_to_s
from dexora_core.curve import ChunkCurve
from dexora_core.delay import DelayEstimator
from dexora_core.easing import Easing
from dexora_core.faults import Fault, make_fault
from dexora_core.motion.limits import FloatArray
from dexora_core.strategies.base import Strategy


@dataclass(frozen=True, slots=True)
class TimelineConfig:
    """Settings of the timeline.

    Attributes:
        stall_ns: When nobody sampled for so long, the chunks in force are dropped.
        max_ahead_ns: A chunk whose first step lies further in the future is refused.
        takeover_ns: Time in which a new owner's motion takes over from what the robot does.
    """

    stall_ns: int = 100 * NS_PER_MS
    max_ahead_ns: int = 500 * NS_PER_MS
    takeover_ns: int = 300 * NS_PER_MS


@dataclass(frozen=True, slots=True)
class Splice:
    """What the last change of chunk meant for the motion; arrays of shape (J,).

    Attributes:
        position_jump: Difference in position between new and old motion [rad].
        velocity_jump: Difference in velocity [rad/s].
        late_steps: Steps by which the chunk came too late for its prefix.
    """

    position_jump: FloatArray
    velocity_jump: FloatArray
    late_steps: int


class Timeline:
    """Holds the chunks of the source that owns the robot.

    Args:
        strategy: How overlapping chunks become one motion.
        config: Settings.
    """

    def __init__(self, strategy: Strategy, config: TimelineConfig | None = None) -> None:
        self._strategy = strategy
        self._config = config or TimelineConfig()
        self._delay = DelayEstimator()
        self._easing: Easing | None = None
        self._sequence: tuple[str, int, int] | None = None
        self._sampled_ns: int | None = None
        self._at_ns = 0
        self.splice: Splice | None = None
        self.accepted = 0
        self.discards: Counter[str] = Counter()

    @property
    def strategy(self) -> str:
        """Name of the strategy."""
        return self._strategy.name

    @property
    def chunk(self) -> ActionChunk | None:
        """The chunk in force; None when holding."""
        current = self._strategy.current
        return None if current is None else current.chunk

    @property
    def delay(self) -> DelayEstimator:
        """Delays of the last chunks, from their stamps."""
        return self._delay

    def offer(self, now_ns: int, at_ns: int, chunk: ActionChunk, commanded: FloatArray) -> Fault | None:
        """Take a chunk or refuse it.

        Args:
            now_ns: The present.
            at_ns: The moment from which the chunk is of use: the present and the lookahead.
            chunk: A checked chunk of the source that owns the robot.
            commanded: What is commanded for `at_ns`, shape (3, J): where the motion starts without a chunk.

        Returns:
            Why it was refused, or a remark about an accepted one; None when there is nothing to say.
        """
        refusal = self._refuse(now_ns, at_ns, chunk)
        if refusal is not None:
            self.discards[refusal.code] += 1
            return refusal
        before = self.state_at(now_ns, at_ns)
        answer = self._strategy.accept(at_ns, ChunkCurve(chunk))
        remark = None
        if answer.code:
            values = {"late_steps": answer.late_steps, "prefix": chunk.prefix_steps}
            remark = make_fault(answer.code, now_ns, chunk.source, **values)
        if not answer.accepted:
            self.discards[answer.code] += 1
        else:
            self._sequence = (chunk.source, chunk.epoch, chunk.sequence)
            self.accepted += 1
            self._delay.add(chunk)
            self._enter(max(at_ns, self._at_ns), before, commanded, answer.late_steps)
        return remark

    def state_at(self, now_ns: int, at_ns: int) -> FloatArray | None:
        """Return what is wanted for `at_ns`: position, velocity, acceleration, shape (3, J).

        Args:
            now_ns: The present; when the last call is too long ago the chunks are dropped.
            at_ns: The moment asked for; it never goes back.

        Returns:
            The state, or None when there is no chunk for this time. None means stop: nothing is extrapolated.
        """
        stalled = self._sampled_ns is not None and now_ns - self._sampled_ns > self._config.stall_ns
        self._sampled_ns = now_ns
        self._at_ns = max(self._at_ns, at_ns)
        if stalled:
            self.clear()
            return None
        state = self._strategy.state_at(self._at_ns)
        if state is None:
            self.clear()
            return None
        return state if self._easing is None else self._easing.add_to(state, self._at_ns)

    def rejoin(self, at_ns: int, commanded: FloatArray) -> None:
        """Let what is commanded fade into the motion in force, after the robot did not follow it for a while.

        Args:
            at_ns: The moment from which on it shall follow.
            commanded: What is commanded for that moment, shape (3, J).
        """
        wanted = self._strategy.state_at(at_ns)
        if wanted is not None:
            self._easing = Easing(at_ns, commanded - wanted, self._config.takeover_ns)

    def clear(self) -> None:
        """Drop all chunks for good; the next one starts from what is commanded then."""
        self._strategy.clear()
        self._easing = None

    def new_owner(self) -> None:
        """Drop all chunks and all memory of their source."""
        self.clear()
        self._sequence = None
        self._delay.restart()

    def buffered_ns(self, at_ns: int) -> int:
        """Return how much motion is left after `at_ns` [ns]; 0 without a chunk."""
        end_ns = self._strategy.end_ns
        return 0 if end_ns is None else max(end_ns - at_ns, 0)

    def committed_steps(self, at_ns: int) -> int:
        """Return how many steps of the chunk in force already shape the motion up to `at_ns`."""
        chunk = self.chunk
        if chunk is None or at_ns < chunk.start_ns:
            return 0
        return min((at_ns - chunk.start_ns) // chunk.step_ns + 3, chunk.horizon)

    def committed(self, start_ns: int, step_ns: int, count: int) -> FloatArray:
        """Return the positions that will be wanted at `start_ns` + k `step_ns`: the prefix for a policy.

        Args:
            start_ns: Time of the first step; not before the last moment sampled.
            step_ns: Time between two steps.
            count: Number of steps asked for.

        Returns:
            Shape (n, J) [rad]; n is smaller than `count` where the motion ends earlier.
        """
        rows = []
        for step in range(count):
            due_ns = start_ns + step * step_ns
            state = self._strategy.preview(due_ns)
            if state is None:
                break
            rows.append((state if self._easing is None else self._easing.add_to(state, due_ns))[0])
        return np.array(rows)

    def _enter(self, at_ns: int, before: FloatArray | None, commanded: FloatArray, late_steps: int) -> None:
        """Measure the change; without a motion before, what is commanded fades into the new one."""
        chunk = self.chunk
        assert chunk is not None
        old = commanded if before is None else before
        jump = np.abs(ChunkCurve(chunk).state_at(at_ns) - old)
        self.splice = Splice(jump[0], jump[1], late_steps)
        new = self._strategy.state_at(at_ns)
        if before is None and new is not None:
            self._easing = Easing(at_ns, commanded - new, self._config.takeover_ns)

    def _refuse(self, now_ns: int, at_ns: int, chunk: ActionChunk) -> Fault | None:
        """Return why the chunk may not take part, whatever the strategy; None when it may."""
        last = self._sequence
        if last is not None and last[:2] == (chunk.source, chunk.epoch) and chunk.sequence <= last[2]:
            values = {"sequence": chunk.sequence, "last": last[2]}
            return make_fault("DX-CHK-005", now_ns, chunk.source, **values)
        current = self.chunk
        if current is not None and chunk.start_ns <= current.start_ns and self.strategy != "replay":
            return make_fault(
                "DX-CHK-005", now_ns, chunk.source, sequence=chunk.sequence, last=current.sequence
            )
        if chunk.end_ns <= at_ns and self.strategy != "replay":
            late_s = round(ns_to_s(at_ns - chunk.end_ns), 3)
            return make_fault("DX-CHK-006", now_ns, chunk.source, late_s=late_s)
        ahead_ns = chunk.start_ns - now_ns
        if ahead_ns > self._config.max_ahead_ns:
            bounds = {"ahead_s": round(ns_to_s(ahead_ns), 3), "bound_s": ns_to_s(self._config.max_ahead_ns)}
            return make_fault("DX-CHK-011", now_ns, chunk.source, **bounds)
        return None
