"""Collects demonstrations of the experts in the randomised twin, in parallel, by seed, and resumably."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from dexora_core.contract import load_contract
from dexora_core.records import to_dict
from dexora_perception.preprocess import resize
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.experts import EXPERTS, make_expert
from dexora_sim.experts.demonstration import see
from dexora_sim.randomisation import Randomisation
from numpy.typing import NDArray

from dexora_description import contract_path
from dexora_sim import gl
from dexora_train.data import layout, truth
from dexora_train.data.cameras import RENDER_SIZE
from dexora_train.data.disturbance import disturbance
from dexora_train.data.episode import RecordedEpisode
from dexora_train.data.errors import DatasetError
from dexora_train.data.staging import StagedEpisode, Staging
from dexora_train.data.staging_settings import claim_staging
from dexora_train.data.writer import DatasetPlan, write_dataset

# Evaluation uses seeds above this one; demonstrations never do.
FIRST_EVALUATION_SEED = 1_000_000
_LEAST_FRAMES = 10
"""A task that is done sooner was done by chance on the way to where a failed attempt ends."""


@dataclass(frozen=True)
class CollectConfig:
    """What to collect.

    Attributes:
        episodes: Number of successful episodes by name of the task.
        seed: First seed.
        image_size: Edge of the square pictures in pixels, made by the robot's own `resize`.
        render_size: Height and width that cameras deliver in pixels; the twin's cameras by default.
        workers: Processes.
        disturbance_rad: Size of the pushes while recording [rad]; see `disturbance`.
        stray_share: Chance, 0 to 1, of an attempt to begin where a failed one left the robot, if the expert
            knows of such a place; the way there is not recorded.
        robot: Name of the robot.
        is_lossless: Whether videos are exact.
    """

    episodes: Mapping[str, int]
    seed: int = 0
    image_size: int = 96
    render_size: tuple[int, int] = RENDER_SIZE
    workers: int = 1
    disturbance_rad: float = 0.0
    stray_share: float = 0.0
    robot: str = "dexora36"
    is_lossless: bool = True

    def __post_init__(self) -> None:
        for task in self.episodes:
            if task not in EXPERTS:
                raise DatasetError(f"task {task!r} has no expert; choose of {', '.join(EXPERTS)}.")
        if min(self.episodes.values(), default=0) < 1 or self.workers < 1:
            raise DatasetError("tasks, episodes of each and workers must be at least one.")
        if not 0.0 <= self.stray_share <= 1.0:
            raise DatasetError(f"stray_share is {self.stray_share}; it is a share, from 0 to 1.")
        if not 0 <= self.seed < FIRST_EVALUATION_SEED:
            raise DatasetError(
                f"seed is {self.seed}, must be from 0 to {FIRST_EVALUATION_SEED - 1}; higher ones are for "
                "evaluation."
            )


@dataclass(frozen=True)
class Attempt:
    """How the recording of one seed ended.

    Attributes:
        task: Name of the task.
        seed: Its seed.
        is_success: Whether it was recorded.
        frames: Number of frames; 0 without success.
    """

    task: str
    seed: int
    is_success: bool
    frames: int


def episode_name(task: str, seed: int) -> str:
    """Return the name of an episode in the staging folder; names of a task sort by seed."""
    return f"{task}-{seed:07d}"


@cache
def _environment(task: str, render_size: tuple[int, int], robot: str) -> DexoraEnv:
    """Return the environment of this process; building one takes seconds."""
    return DexoraEnv(
        task, EnvConfig(image_size=render_size, robot=robot, randomisation=Randomisation.train())
    )


@dataclass
class _Shown:
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


def record(config: CollectConfig, task: str, seed: int) -> tuple[RecordedEpisode | None, dict[str, Any]]:
    """Play one episode of the expert.

    Args:
        config: Settings.
        task: Name of the task.
        seed: Seed of world, expert and disturbance.

    Returns:
        What was seen, None without success or when that came before half a second was shown; and how it went,
        with the time from the start of the episode and whether it began where a failed attempt ended.
    """
    env = _environment(task, config.render_size, config.robot)
    contract, expert = env.contract, make_expert(task, env.contract)
    observation, info = env.reset(seed=seed)
    begins_astray = bool(np.random.default_rng((seed, 2)).random() < config.stray_share)
    expert.reset(env.episode.goal, see(env), seed, begins_astray=begins_astray)
    is_astray = expert.is_astray
    rate_hz = contract.rates.policy_hz
    arms = np.concatenate([contract.group_indices(g.name) for g in contract.groups if g.kind == "arm"])
    steps = int(env.task.time_limit_s * rate_hz) + 1
    rng = np.random.default_rng((seed, 1))
    pushes = disturbance(rng, (steps, len(contract.joints)), rate_hz, arms, config.disturbance_rad)
    shown = _Shown(config.image_size)
    for push in pushes:
        wanted = expert.act(see(env)).astype(np.float32)
        if not expert.is_astray:
            shown.add(observation, wanted, truth.truth_of(env.twin))
        observation, _, is_over, is_late, info = env.step((wanted + push).astype(np.float32))
        if is_over or is_late:
            break
    source = {
        "task": task,
        "seed": seed,
        "time_s": info["time_s"],
        "stages": list(info["stages"]),
        "is_astray": is_astray,
    }
    is_demonstration = info["is_success"] and len(shown.actions) >= _LEAST_FRAMES
    return shown.episode(env.episode.instruction, source) if is_demonstration else None, source


def _attempt(config: CollectConfig, staging: Path, task: str, seed: int) -> Attempt:
    """Record a seed into the staging folder; runs in a worker."""
    contract = load_contract(contract_path(config.robot))
    folder = Staging(staging, round(contract.rates.policy_hz), is_lossless=config.is_lossless)
    episode, source = record(config, task, seed)
    if episode is None:
        folder.note_failure(episode_name(task, seed), source)
        return Attempt(task, seed, is_success=False, frames=0)
    folder.add(episode_name(task, seed), episode)
    return Attempt(task, seed, is_success=True, frames=len(episode))


def collect(config: CollectConfig, staging: Path, report: Callable[[Attempt], None]) -> list[StagedEpisode]:
    """Record until every task has its episodes; what is there already counts.

    The result depends on the first seed only, not on the number of workers or on interruptions: of each task
    the successes with the lowest seeds are taken.

    Args:
        config: Settings.
        staging: Folder for finished episodes.
        report: Called after every attempt.

    Returns:
        The episodes of all tasks, in the order of tasks and seeds.

    Raises:
        DatasetError: The folder's episodes were recorded with other settings, or one could not be written.
            What was finished is kept.
    """
    claim_staging(staging, to_dict(config))
    gl.choose()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(config.workers, mp_context=context) as pool:
        try:
            for task in config.episodes:
                _collect_task(config, staging, task, pool, report)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    folder = Staging(staging, 1)
    return [
        episode
        for task, count in config.episodes.items()
        for episode in _of_task(folder, config, task)[:count]
    ]


def _of_task(folder: Staging, config: CollectConfig, task: str) -> list[StagedEpisode]:
    """Return the finished episodes of a task from the first seed on, by seed."""
    mine = [e for e in folder.episodes() if e.source["task"] == task and e.source["seed"] >= config.seed]
    return sorted(mine, key=lambda episode: episode.source["seed"])


def _collect_task(
    config: CollectConfig,
    staging: Path,
    task: str,
    pool: ProcessPoolExecutor,
    report: Callable[[Attempt], None],
) -> None:
    folder = Staging(staging, 1)
    tried = folder.names()
    done = len(_of_task(folder, config, task))
    seeds: Iterator[int] = (
        seed for seed in itertools.count(config.seed) if episode_name(task, seed) not in tried
    )
    running: set[Future[Attempt]] = set()
    wanted = config.episodes[task]
    while done < wanted or running:
        # Seeds go out in order and all that went out are awaited, so that no lower seed is left untried.
        while done + len(running) < wanted and len(running) < config.workers:
            running.add(pool.submit(_attempt, config, staging, task, next(seeds)))
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            attempt = future.result()
            done += attempt.is_success
            report(attempt)


def write_collected(
    config: CollectConfig, root: Path, episodes: list[StagedEpisode], version: layout.Version
) -> None:
    """Write the collected episodes as a dataset.

    Args:
        config: Settings they were collected with.
        root: Folder of the dataset.
        episodes: What `collect` returned.
        version: Version of the format.
    """
    contract = load_contract(contract_path(config.robot))
    features = layout.features_of(
        contract, contract.views, (config.image_size, config.image_size), truth.NAMES
    )
    about = {
        "dexora": {
            "contract_hash": contract.hash,
            "disturbance_rad": config.disturbance_rad,
            "stray_share": config.stray_share,
        }
    }
    plan = DatasetPlan(config.robot, round(contract.rates.policy_hz), features, version, about)
    write_dataset(root, plan, episodes)
