"""Collects demonstrations of the experts in the randomised twin, in parallel, by seed, and resumably."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from dexora_core.contract import load_contract
from dexora_core.records import to_dict
from dexora_perception.preprocess import resize
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.experts import EXPERTS, make_expert
from dexora_sim.experts.demonstration import see
from dexora_sim.randomisation import Randomisation

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
        robot: Name of the robot.
        is_lossless: Whether videos are exact.
    """

    episodes: Mapping[str, int]
    seed: int = 0
    image_size: int = 96
    render_size: tuple[int, int] = RENDER_SIZE
    workers: int = 1
    disturbance_rad: float = 0.0
    robot: str = "dexora36"
    is_lossless: bool = True

    def __post_init__(self) -> None:
        for task in self.episodes:
            if task not in EXPERTS:
                raise DatasetError(f"task {task!r} has no expert; choose of {', '.join(EXPERTS)}.")
        if min(self.episodes.values(), default=0) < 1 or self.workers < 1:
            raise DatasetError("tasks, episodes of each and workers must be at least one.")
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


def record(config: CollectConfig, task: str, seed: int) -> tuple[RecordedEpisode, bool]:
    """Play one episode of the expert and return what was seen, and whether it did the task.

    Args:
        config: Settings.
        task: Name of the task.
        seed: Seed of world, expert and disturbance.
    """
    env = _environment(task, config.render_size, config.robot)
    contract, expert = env.contract, make_expert(task, env.contract)
    observation, info = env.reset(seed=seed)
    expert.reset(env.episode.goal, see(env), seed)
    rate_hz = contract.rates.policy_hz
    arms = np.concatenate([contract.group_indices(g.name) for g in contract.groups if g.kind == "arm"])
    steps = int(env.task.time_limit_s * rate_hz) + 1
    rng = np.random.default_rng((seed, 1))
    pushes = disturbance(rng, (steps, len(contract.joints)), rate_hz, arms, config.disturbance_rad)
    states, actions, truths = [], [], []
    images: dict[str, list[np.ndarray]] = {view: [] for view in observation["images"]}
    is_over = is_late = False
    while not (is_over or is_late):
        wanted = expert.act(see(env)).astype(np.float32)
        states.append(observation["position"])
        actions.append(wanted)
        truths.append(truth.truth_of(env.twin))
        for view, picture in observation["images"].items():
            images[view].append(resize(picture, config.image_size))
        executed = (wanted + pushes[len(actions) - 1]).astype(np.float32)
        observation, _, is_over, is_late, info = env.step(executed)
    source = {"task": task, "seed": seed, "time_s": info["time_s"], "stages": list(info["stages"])}
    episode = RecordedEpisode(
        env.episode.instruction,
        np.stack(states).astype(np.float32),
        np.stack(actions),
        {view: np.stack(pictures) for view, pictures in images.items()},
        np.stack(truths),
        source,
    )
    return episode, bool(info["is_success"])


def _attempt(config: CollectConfig, staging: Path, task: str, seed: int) -> Attempt:
    """Record a seed into the staging folder; runs in a worker."""
    contract = load_contract(contract_path(config.robot))
    folder = Staging(staging, round(contract.rates.policy_hz), is_lossless=config.is_lossless)
    episode, is_success = record(config, task, seed)
    if is_success:
        folder.add(episode_name(task, seed), episode)
    else:
        folder.note_failure(episode_name(task, seed), episode.source)
    return Attempt(task, seed, is_success, len(episode) if is_success else 0)


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
    about = {"dexora": {"contract_hash": contract.hash, "disturbance_rad": config.disturbance_rad}}
    plan = DatasetPlan(config.robot, round(contract.rates.policy_hz), features, version, about)
    write_dataset(root, plan, episodes)
