"""The scripted expert behind the interface of a policy: what a perfect imitator could reach."""

from __future__ import annotations

import numpy as np
from dexora_core.contract import RobotContract
from dexora_core.motion.limits import FloatArray
from dexora_policy.policy_runner import Prediction
from dexora_sim.experts import Expert, make_expert
from dexora_sim.experts.demonstration import see

from dexora_train.evaluate.model import ChunkShape
from dexora_train.evaluate.scene import Scene


class ExpertModel:
    """Looks at the ground truth and returns what it has decided, as far ahead as that goes, then rest.

    It acts at 20 Hz whether it is asked or not: what it was not asked for has been commanded from an earlier
    chunk.

    Args:
        contract: The robot.
    """

    def __init__(self, contract: RobotContract) -> None:
        self._contract = contract
        self._experts: dict[str, Expert] = {}
        self._expert: Expert | None = None
        self._acted_ns = 0
        self.shape = ChunkShape.of_contract(contract)

    def restart(self, scene: Scene, seed: int) -> None:
        """Begin an episode.

        Raises:
            SimulationError: No expert knows the task.
        """
        task = scene.env.task.name
        if task not in self._experts:
            self._experts[task] = make_expert(task, self._contract)
        self._expert = self._experts[task]
        self._expert.reset(scene.env.episode.goal, see(scene.env), seed)
        self._acted_ns = scene.time_ns - self.shape.step_ns

    def predict(self, scene: Scene, prefix: FloatArray) -> Prediction:
        """Return the target that holds now, the one of the next 50 ms, and those that follow."""
        expert = self._expert
        assert expert is not None, "restart comes first"
        missed = (scene.time_ns - self._acted_ns) // self.shape.step_ns - 1
        for _ in range(missed):
            expert.step()
        held = expert.targets
        chosen = expert.act(see(scene.env))
        self._acted_ns = scene.time_ns
        positions = np.vstack([held, chosen, expert.ahead(self.shape.horizon - 2)])
        count = min(len(prefix), self.shape.max_prefix_steps)
        if count:
            positions[:count] = prefix[:count]
        return Prediction(positions.astype(np.float32), 0)
