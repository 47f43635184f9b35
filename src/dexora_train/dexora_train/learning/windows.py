"""Windows of demonstrations: an observation and the chunk of actions that follows it.

Step 0 of a chunk is due at the observation itself, as the robot plays it. An action leads its frame by a
step, so that step 0 is the action of the frame before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dexora_train.data.layout import ACTION_LEAD_STEPS
from dexora_train.learning.frames import Span


class Windows:
    """All windows of some episodes, numbered from 0.

    Args:
        spans: The episodes, at least one.
        horizon: Steps H of a chunk.
    """

    def __init__(self, spans: Sequence[Span], horizon: int) -> None:
        self._horizon = horizon
        self.frames = np.concatenate([np.arange(s.first, s.first + s.length) for s in spans])
        """Frame of each window's observation."""
        self.episodes = np.concatenate([np.full(s.length, k) for k, s in enumerate(spans)])
        """Episode of each window, a number in `spans`."""
        self._first = np.array([s.first for s in spans])
        self._last = np.array([s.first + s.length - 1 for s in spans])

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.frames)

    def steps(self, windows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the frames whose actions make up the chunks of some windows.

        Args:
            windows: Numbers, shape (B,).

        Returns:
            Frames, (B, H), the first and the last one repeated beyond an episode's ends; and which of them
            come before its end, (B, H).
        """
        wanted = self.frames[windows][:, None] + np.arange(self._horizon) - ACTION_LEAD_STEPS
        first, last = (ends[self.episodes[windows]][:, None] for ends in (self._first, self._last))
        return np.clip(wanted, first, last), wanted <= last


def draw(seed: int, step: int, count: int, batch: int) -> NDArray[np.intp]:
    """Return the windows of a training step, shape (batch,): every window once per pass, in a new order.

    A pure function of its arguments, so that a resumed run and every process of a distributed one agree.

    Args:
        seed: Of the run.
        step: Number of the training step.
        count: Number of windows.
        batch: Windows per step, of all processes together.
    """
    places = step * batch + np.arange(batch)
    chosen = np.empty(batch, dtype=np.intp)
    for lap in np.unique(places // count):
        order = np.random.default_rng((seed, int(lap))).permutation(count)
        mine = places // count == lap
        chosen[mine] = order[places[mine] % count]
    return chosen
