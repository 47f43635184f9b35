"""One recorded episode in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexora_train.data.errors import DatasetError


@dataclass(frozen=True)
class RecordedEpisode:
    """What was seen and done; frame t holds the observation and the action chosen from it.

    Attributes:
        task: Instruction.
        state: Joint positions [rad], shape (T, J) float32, contract order.
        action: Joint targets [rad], shape (T, J) float32, contract order.
        images: Pictures by view, (T, H, W, 3) uint8 RGB.
        truth: Ground truth of the scene, shape (T, S) float32; S may be 0.
        source: Where it comes from: task, seed, how it ended. Plain data.
    """

    task: str
    state: NDArray[np.float32]
    action: NDArray[np.float32]
    images: dict[str, NDArray[np.uint8]]
    truth: NDArray[np.float32]
    source: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.state):
            raise DatasetError("an episode has no frames; record at least one.")
        parts: dict[str, NDArray[Any]] = {"action": self.action, "truth": self.truth, **self.images}
        for name, values in parts.items():
            if len(values) != len(self.state):
                raise DatasetError(f"{name} has {len(values)} frames, the state has {len(self.state)}.")
        for name, numbers in (("state", self.state), ("action", self.action), ("truth", self.truth)):
            if not np.isfinite(numbers).all():
                frame = int(np.flatnonzero(~np.isfinite(numbers).all(axis=1))[0])
                raise DatasetError(f"{name} of frame {frame} is not finite; keep NaN out of recordings.")
        if not self.task.strip():
            raise DatasetError("an episode has no task; say in words what is done.")

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.state)
