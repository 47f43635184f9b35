"""What an attempt has shown so far; it becomes an episode when it succeeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from dexora_perception.preprocess import resize
from numpy.typing import NDArray

from dexora_train.data.episode import RecordedEpisode


@dataclass
class Shown:
    """What an episode shows, step by step; the robot's own `resize` makes its pictures."""

    image_size: int
    states: list[NDArray[np.float32]] = field(default_factory=list)
    actions: list[NDArray[np.float32]] = field(default_factory=list)
    truths: list[NDArray[np.float32]] = field(default_factory=list)
    images: dict[str, list[NDArray[np.uint8]]] = field(default_factory=dict)

    def add(
        self, observation: dict[str, Any], action: NDArray[np.float32], facts: NDArray[np.float32]
    ) -> None:
        """Add a step: what was observed, what the expert wanted then, and what was true."""
        self.states.append(observation["position"])
        self.actions.append(action)
        self.truths.append(facts)
        for view, picture in observation["images"].items():
            self.images.setdefault(view, []).append(resize(picture, self.image_size))

    def episode(self, instruction: str, source: dict[str, Any]) -> RecordedEpisode:
        """Return all steps as an episode; there is one at least."""
        pictures = {view: np.stack(shown) for view, shown in self.images.items()}
        states = np.stack(self.states).astype(np.float32)
        return RecordedEpisode(
            instruction, states, np.stack(self.actions), pictures, np.stack(self.truths), source
        )
