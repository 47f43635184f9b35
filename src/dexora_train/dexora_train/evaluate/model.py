"""What can be evaluated: something that looks at a scene and returns a chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from dexora_core.clock import s_to_ns
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault
from dexora_core.motion.limits import FloatArray
from dexora_policy.policy_runner import Prediction
from numpy.typing import NDArray

from dexora_train.evaluate.scene import Scene


@dataclass(frozen=True)
class ChunkShape:
    """The time axis of a model's chunks.

    Attributes:
        horizon: Steps H.
        step_ns: Time between two steps [ns].
        max_prefix_steps: Longest committed prefix that the model was trained for.
        n_action_steps: Steps between two inferences.
    """

    horizon: int
    step_ns: int
    max_prefix_steps: int
    n_action_steps: int = 1

    @classmethod
    def of_contract(cls, contract: RobotContract) -> ChunkShape:
        """Return the axis that the contract describes, with prefixes of up to a quarter of it."""
        horizon = contract.rates.horizon_steps
        return cls(horizon, s_to_ns(contract.rates.step_dt_s), horizon // 4)


class Sight(Protocol):
    """One moment as a policy sees it, simulated or recorded."""

    @property
    def time_ns(self) -> int:
        """When it is, since the episode's start [ns]."""

    @property
    def position(self) -> FloatArray:
        """Measured joint positions, shape (J,) [rad]."""

    @property
    def instruction(self) -> str:
        """What is asked for."""

    def pictures(self, views: Sequence[str]) -> Mapping[str, NDArray[np.uint8]]:
        """Return pictures by view, in the given order, (H, W, 3) uint8 RGB."""


class Model(Protocol):
    """Anything that acts by chunks. What it returns depends on scene, prefix and the restart's seed only."""

    @property
    def shape(self) -> ChunkShape:
        """The time axis of its chunks."""

    def restart(self, scene: Scene, seed: int) -> None:
        """Begin an episode: nothing of the one before is left."""

    def predict(self, scene: Scene, prefix: FloatArray) -> Prediction | Fault:
        """Return the chunk whose step 0 is due now, or why there is none.

        Args:
            scene: What is seen.
            prefix: (n, J) positions that will be commanded for the first n steps [rad].
        """
