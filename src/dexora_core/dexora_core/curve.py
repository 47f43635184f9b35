"""The motion that a chunk describes between its steps: a uniform cubic B-spline over time.

Position, velocity and acceleration are continuous whatever the steps are. Positions stay inside the convex
hull of the four steps around, velocities inside that of the step differences; noise in the steps is damped,
never amplified, and there is no overshoot. The curve passes through the first and the last step; in between
it passes a step at a distance of one sixth of the second difference there.
"""

from __future__ import annotations

import numpy as np

from dexora_core.chunk import ActionChunk
from dexora_core.clock import NS_PER_S
from dexora_core.motion.limits import FloatArray

_BASIS = (
    np.array([[1.0, 4.0, 1.0, 0.0], [-3.0, 0.0, 3.0, 0.0], [3.0, -6.0, 3.0, 0.0], [-1.0, 3.0, -3.0, 1.0]]) / 6
)


class ChunkCurve:
    """Samples a chunk at any time of its time axis.

    Args:
        chunk: The chunk.

    Attributes:
        chunk: The chunk.
        start_ns: Due time of the first step.
        end_ns: Due time of the last step.
    """

    def __init__(self, chunk: ActionChunk) -> None:
        self.chunk = chunk
        self.start_ns = chunk.start_ns
        self.end_ns = chunk.end_ns
        self._step_ns = chunk.step_ns
        self._step_s = chunk.step_ns / NS_PER_S
        steps = chunk.positions if chunk.horizon > 1 else np.repeat(chunk.positions, 2, axis=0)
        first, last = 2 * steps[:1] - steps[1:2], 2 * steps[-1:] - steps[-2:-1]
        self._control = np.vstack([first, steps, last])
        self._last_index = len(steps) - 2

    def covers(self, at_ns: int) -> bool:
        """Return whether the chunk says anything about this time."""
        return self.start_ns <= at_ns <= self.end_ns

    def state_at(self, at_ns: int) -> FloatArray:
        """Return position, velocity and acceleration, shape (3, J) [rad, rad/s, rad/s2].

        Before its first step a chunk rests there; it must not be asked beyond its end.
        """
        if at_ns < self.start_ns:
            state = np.zeros((3, self._control.shape[1]))
            state[0] = self.chunk.positions[0]
            return state
        index, rest = divmod(at_ns - self.start_ns, self._step_ns)
        if index > self._last_index:
            index, rest = self._last_index, self._step_ns
        u, h = rest / self._step_ns, self._step_s
        position = (1.0, u, u * u, u * u * u)
        velocity = (0.0, 1.0 / h, 2 * u / h, 3 * u * u / h)
        acceleration = (0.0, 0.0, 2.0 / (h * h), 6 * u / (h * h))
        powers = np.array(position + velocity + acceleration).reshape(3, 4)
        return powers @ _BASIS @ self._control[index : index + 4]

    def settled(self, at_ns: int) -> ChunkCurve:
        """Return itself: a single chunk has no transitions."""
        return self
