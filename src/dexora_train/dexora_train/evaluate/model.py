"""What can be evaluated: something that looks at a scene and returns a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dexora_core.clock import s_to_ns
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault
from dexora_core.motion.limits import FloatArray
from dexora_policy.policy_runner import Prediction

from dexora_train.evaluate.scene import Scene


@dataclass(frozen=True)
class ChunkShape:
    """The time axis of a model's chunks.

    Attributes:
        horizon: Steps H.
        step_ns: Time between two steps [ns].
        max_prefix_steps: Longest committed prefix that the model was trained for.
    """

    horizon: int
    step_ns: int
    max_prefix_steps: int

    @classmethod
    def of_contract(cls, contract: RobotContract) -> ChunkShape:
        """Return the axis that the contract describes, with prefixes of up to a quarter of it."""
        horizon = contract.rates.horizon_steps
        return cls(horizon, s_to_ns(contract.rates.step_dt_s), horizon // 4)


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
