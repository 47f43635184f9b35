"""The twin as a gymnasium environment: joint targets in at 20 Hz, state, pictures and instruction out.

Registered ids: `dexora/Reach-v0`, `dexora/ReachEither-v0`, `dexora/Lift-v0`, `dexora/BimanualLift-v0`,
`dexora/OpenBottle-v0`, `dexora/Handover-v0`, after `import dexora_sim.env`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field, replace
from typing import Any

import gymnasium
import numpy as np
from dexora_core.contract import RobotContract, load_contract
from gymnasium import spaces
from numpy.typing import NDArray

from dexora_description import contract_path
from dexora_sim.errors import SimulationError
from dexora_sim.offscreen import OffscreenRenderer
from dexora_sim.randomisation import Randomisation
from dexora_sim.setpoints import SetPoints
from dexora_sim.tasks import TASKS, Episode, Progress, StagedPredicate, Task, make_task
from dexora_sim.twin import Twin

Observation = dict[str, Any]
MAX_INSTRUCTION = 160
MAX_SEED = 2**31 - 1
RENDER_VIEW = "front"


@dataclass(frozen=True)
class EnvConfig:
    """Settings of an environment.

    Attributes:
        image_size: Height and width of the pictures in pixels; None for no pictures, which is much faster.
        views: Views in the observation; all of the contract when empty.
        delay_s: How late actions are executed, in s; the old target stays until then.
        randomisation: Which aspects of the world vary with the seed.
        robot: Name of the robot.
    """

    image_size: tuple[int, int] | None = (96, 96)
    views: tuple[str, ...] = ()
    delay_s: float = 0.0
    randomisation: Randomisation = field(default_factory=Randomisation.train)
    robot: str = "dexora36"


class DexoraEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """One task in the twin.

    Action: targets of all joints [rad], shape (J,), contract order, at 20 Hz (the contract's policy rate).
    Values outside the position limits are clipped. Between actions the set-points move in straight lines, no
    faster than the contract's velocities; see `dexora_sim.setpoints`.

    Observation: `position` [rad] and `velocity` [rad/s], (J,) float32; `images`, one (H, W, 3) uint8 RGB
    picture per view; `instruction`, text. All describe the moment after the step.

    Reward: growth of the stage score, so that an episode's sum is the score, 1 at success. Terminated at
    success and at failure, truncated at the task's time limit. `info` has `is_success`, `stages`, `score`,
    `failure`, `time_s` and the episode's `seed`.

    The same seed and actions give the same trajectory, bit for bit, on the same machine. `reset(seed=s)`
    plays episode s; `reset()` draws the next one. Options of `reset`: `randomisation`, `delay_s`.

    Args:
        task: A task or its name.
        config: Settings.
        render_mode: "rgb_array" to use `render()`, or None.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012  (gymnasium's convention)

    def __init__(
        self, task: Task | str = "reach", config: EnvConfig | None = None, render_mode: str | None = None
    ) -> None:
        self.config = config or EnvConfig()
        self.render_mode = render_mode
        self.task = make_task(task) if isinstance(task, str) else task
        self.contract = load_contract(contract_path(self.config.robot))
        self.twin = Twin(self.contract, self.task, randomisation=self.config.randomisation)
        period_s = self.contract.rates.step_dt_s
        self._setpoints = SetPoints(
            self.contract.max_velocity_rad_s, self.twin.timestep_s, period_s, self.config.delay_s
        )
        self._substeps = round(period_s / self.twin.timestep_s)
        self._cameras = _cameras(self.contract, self.config)
        self._renderer: OffscreenRenderer | None = None
        self._viewer: OffscreenRenderer | None = None
        self._judge: StagedPredicate | None = None
        limits = (self.contract.lower_rad.astype(np.float32), self.contract.upper_rad.astype(np.float32))
        self.action_space = spaces.Box(*limits, dtype=np.float32)
        self.observation_space = self._space()

    @property
    def episode(self) -> Episode:
        """Layout, goal and instruction of the present episode."""
        episode: Episode = self.twin.episode
        return episode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; see the class for seeds and options.

        Raises:
            SimulationError: An option is unknown.
        """
        super().reset(seed=seed)
        episode_seed = int(self.np_random.integers(MAX_SEED)) if seed is None else seed
        self._take_options(dict(options or {}))
        self.twin.reset(episode_seed)
        self._setpoints.reset(self.twin.targets())
        self._judge = self.task.predicate(self.episode)
        progress = self._judge.update(self.twin.world())
        return self._observe(), self._info(progress)

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply one action for 50 ms of simulated time.

        Raises:
            SimulationError: The action has the wrong shape or is not finite, or `reset` was not called.
        """
        if self._judge is None:
            raise SimulationError("step was called before reset. Call reset(seed=...) first.")
        target = np.asarray(action, dtype=np.float64)
        if target.shape != self.action_space.shape:
            raise SimulationError(f"action has shape {target.shape}, must be {self.action_space.shape}.")
        if not np.isfinite(target).all():
            joint = self.contract.joint_names[int(np.flatnonzero(~np.isfinite(target))[0])]
            raise SimulationError(f"action of {joint} is not finite; keep NaN and infinity out of actions.")
        self._setpoints.give(np.clip(target, self.contract.lower_rad, self.contract.upper_rad))
        for _ in range(self._substeps):
            self.twin.set_targets(self._setpoints.next())
            self.twin.step()
        before = self._judge.progress.score
        progress = self._judge.update(self.twin.world())
        is_over = progress.is_success or bool(progress.failure)
        is_late = not is_over and self.twin.data.time >= self.task.time_limit_s - 1e-9
        return self._observe(), progress.score - before, is_over, is_late, self._info(progress)

    def render(self) -> NDArray[np.uint8] | None:
        """Return the front view at the contract's size, (H, W, 3) uint8 RGB; None without a render mode."""
        if self.render_mode != "rgb_array":
            return None
        if self._viewer is None:
            self._viewer = OffscreenRenderer(self.twin.model, [self.contract.camera(RENDER_VIEW)])
        return self._viewer.render(self.twin.snapshot())[RENDER_VIEW]

    def close(self) -> None:
        """Give the renderers back."""
        for renderer in (self._renderer, self._viewer):
            if renderer is not None:
                renderer.close()
        self._renderer = self._viewer = None

    def _take_options(self, options: dict[str, Any]) -> None:
        self.twin.randomisation = options.pop("randomisation", self.config.randomisation)
        self._setpoints.set_delay(options.pop("delay_s", self.config.delay_s))
        if options:
            raise SimulationError(
                f"unknown reset option {', '.join(sorted(options))}; there are randomisation, delay_s."
            )

    def _space(self) -> spaces.Dict:
        joints = spaces.Box(-np.inf, np.inf, (len(self.contract.joints),), np.float32)
        parts: dict[str, spaces.Space[Any]] = {"position": joints, "velocity": joints}
        if self._cameras:
            pictures: dict[str, spaces.Space[Any]] = {
                camera.view: spaces.Box(0, 255, (camera.height, camera.width, 3), np.uint8)
                for camera in self._cameras
            }
            parts["images"] = spaces.Dict(pictures)
        letters = string.ascii_letters + string.digits + " ,.'-"
        parts["instruction"] = spaces.Text(MAX_INSTRUCTION, charset=letters)
        return spaces.Dict(parts)

    def _observe(self) -> Observation:
        state = self.twin.state()
        observation: Observation = {
            "position": state.position.astype(np.float32),
            "velocity": state.velocity.astype(np.float32),
            "instruction": self.episode.instruction,
        }
        if self._cameras:
            if self._renderer is None:
                self._renderer = OffscreenRenderer(self.twin.model, self._cameras)
            observation["images"] = self._renderer.render(self.twin.snapshot())
        return observation

    def _info(self, progress: Progress) -> dict[str, Any]:
        return {
            "is_success": progress.is_success,
            "stages": progress.stages,
            "score": progress.score,
            "failure": progress.failure,
            "time_s": self.twin.time_ns / 1e9,
            "seed": self.episode.seed,
        }


def _cameras(contract: RobotContract, config: EnvConfig) -> list[Any]:
    """Return the cameras of the observation at the wanted size."""
    if config.image_size is None:
        return []
    height, width = config.image_size
    views = config.views or contract.views
    return [replace(contract.camera(view), height=height, width=width) for view in views]


def environment_id(task: str) -> str:
    """Return the registered id of a task, e.g. `dexora/BimanualLift-v0` for `bimanual_lift`."""
    return f"dexora/{task.title().replace('_', '')}-v0"


def register_all() -> None:
    """Register every task with gymnasium; done on import."""
    for name in TASKS:
        if environment_id(name) not in gymnasium.registry:
            gymnasium.register(environment_id(name), "dexora_sim.env:DexoraEnv", kwargs={"task": name})


register_all()
