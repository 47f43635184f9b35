"""The world of an evaluation: an environment of one task, with pictures drawn only when somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from dexora_core.motion.limits import FloatArray
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.offscreen import Image, OffscreenRenderer
from dexora_sim.tasks import Task, make_task
from dexora_sim.world import WorldState

from dexora_train.evaluate.redirected import RedirectedReach
from dexora_train.evaluate.settings import EvaluationSettings


class Scene:
    """One task in the twin.

    Args:
        task: Name of the task.
        settings: How episodes are played.

    Attributes:
        env: The environment, without pictures of its own.
        contract: The robot.
        info: What the environment said after the last step.

    Raises:
        SimulationError: There is no such task.
        EvaluationError: The task cannot be played with these settings.
    """

    def __init__(self, task: str, settings: EvaluationSettings) -> None:
        config = EnvConfig(image_size=None, robot=settings.robot, randomisation=settings.levels())
        self.env = DexoraEnv(task_of(task, settings), config)
        self.contract = self.env.contract
        self.info: dict[str, Any] = {}
        self._height, self._width = settings.render_size
        self._observation: dict[str, Any] = {}
        self._renderers: dict[tuple[str, ...], OffscreenRenderer] = {}

    @property
    def time_ns(self) -> int:
        """Simulated time since the episode's start [ns]."""
        return self.env.twin.time_ns

    @property
    def position(self) -> FloatArray:
        """Measured joint positions as a policy gets them, shape (J,) [rad]."""
        return np.asarray(self._observation["position"], np.float64)

    @property
    def instruction(self) -> str:
        """What is asked for."""
        return str(self._observation["instruction"])

    @property
    def world(self) -> WorldState:
        """Ground truth of this moment; for judging only."""
        return self.env.twin.world()

    def reset(self, seed: int) -> None:
        """Start the episode of a seed."""
        self._observation, self.info = self.env.reset(seed=seed)

    def step(self, target: FloatArray) -> bool:
        """Move on by one step of 50 ms; return whether the episode is over.

        Args:
            target: Where the joints shall be at the end of the step, shape (J,) [rad].
        """
        outcome = self.env.step(target.astype(np.float32))
        self._observation, _, is_over, is_late, self.info = outcome
        return is_over or is_late

    def pictures(self, views: Sequence[str]) -> dict[str, Image]:
        """Return pictures of this moment by view, in the given order, (H, W, 3) uint8 RGB."""
        key = tuple(views)
        if key not in self._renderers:
            cameras = [
                replace(self.contract.camera(view), height=self._height, width=self._width) for view in key
            ]
            self._renderers[key] = OffscreenRenderer(self.env.twin.model, cameras)
        return self._renderers[key].render(self.env.twin.snapshot())


def task_of(name: str, settings: EvaluationSettings) -> Task:
    """Return the task that is played under a name.

    Raises:
        SimulationError: There is no such task.
        EvaluationError: The task knows no other object to be sent to.
    """
    return RedirectedReach.of(name) if settings.is_redirected else make_task(name)
