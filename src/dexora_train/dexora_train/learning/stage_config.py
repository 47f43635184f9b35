"""How a stage of training draws its batches."""

from __future__ import annotations

from dataclasses import dataclass, field

from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.observation import Imperfection


@dataclass(frozen=True)
class StageConfig:
    """How a stage draws its batches.

    Attributes:
        batch: Samples per step, of all processes together.
        loop: The loop.
        seed: Of everything random.
        max_prefix_steps: Longest committed prefix.
        imperfection: What the policy does not get to see.
        state_weight: Weight of the auxiliary prediction of the joint state, where the policy has that head.
        words_weight: Weight of the questions about still scenes, where there are any.
    """

    batch: int
    loop: LoopConfig
    seed: int = 0
    max_prefix_steps: int = 8
    imperfection: Imperfection = field(default_factory=Imperfection)
    state_weight: float = 0.1
    words_weight: float = 0.5
