"""What the robot will do next with the chunks that were sent: the prefix that a new chunk must continue.

The policy runs the same `Timeline` as the command path on its own chunks. Both sides apply the same rules to
the same data, so the prefix is the motion that will be commanded, blends included, without a message between
them; what differs is a few milliseconds of transport.
"""

from __future__ import annotations

import numpy as np
from dexora_core.chunk import ActionChunk
from dexora_core.clock import NS_PER_S
from dexora_core.motion.limits import FloatArray
from dexora_core.strategies import make_strategy
from dexora_core.timeline import Timeline, TimelineConfig

# Nobody samples this timeline between two chunks, and that is no stall.
_NO_STALL = TimelineConfig(stall_ns=3600 * NS_PER_S)


class CommittedMotion:
    """The motion in force, as the command path sees it.

    Args:
        lookahead_ns: How far ahead of the present a chunk takes effect there [ns].
        strategy: How chunks are joined there.
    """

    def __init__(self, lookahead_ns: int, strategy: str = "prefix") -> None:
        self._lookahead_ns = lookahead_ns
        self._timeline = Timeline(make_strategy(strategy), _NO_STALL)

    def clear(self) -> None:
        """Forget the motion: the robot holds, or somebody else moves it."""
        self._timeline.new_owner()

    def sent(self, now_ns: int, chunk: ActionChunk, measured: FloatArray) -> None:
        """Note a chunk that was published.

        Args:
            now_ns: When it was.
            chunk: The chunk.
            measured: Where the robot is, shape (J,) [rad]; the first chunk starts from there.
        """
        resting = np.zeros((3, len(measured)))
        resting[0] = measured
        self._timeline.offer(now_ns, now_ns + self._lookahead_ns, chunk, resting)

    def prefix(self, start_ns: int, step_ns: int, count: int) -> FloatArray:
        """Return the positions that will be commanded for `count` steps from `start_ns` on.

        Returns:
            Shape (n, J) [rad], n <= `count`; nothing without a motion in force.
        """
        return self._timeline.committed(start_ns, step_ns, count)

    def buffered_ns(self, now_ns: int) -> int:
        """Return how much motion is left [ns]; 0 without one."""
        return self._timeline.buffered_ns(now_ns)
