"""Collects demonstrations of the experts in the randomised twin, in parallel, by seed, and resumably."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from dexora_core.contract import load_contract
from dexora_core.records import to_dict
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.errors import SimulationError
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
from dexora_train.data.shown import Shown
from dexora_train.data.staging import StagedEpisode, Staging
from dexora_train.data.staging_settings import claim_staging
from dexora_train.data.writer import DatasetPlan, write_dataset
from dexora_train.pool import processes

# Evaluation uses seeds above this one; demonstrations never do.
FIRST_EVALUATION_SEED = 1_000_000
MOST_FAILURES_IN_A_ROW = 50
"""Of one task: where half of all attempts fail that never happens, where nine of ten do, once in 200."""
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


Report = Callable[[Attempt], None]


def episode_name(task: str, seed: int) -> str:
    """Return the name of an episode in the staging folder; names of a task sort by seed."""
    return f"{task}-{seed:07d}"


@cache
def _environment(task: str, render_size: tuple[int, int], robot: str) -> DexoraEnv:
    """Return the environment of this process; building one takes seconds."""
    return DexoraEnv(
        task, EnvConfig(image_size=render_size, robot=robot, randomisation=Randomisation.train())
    )


def record(config: CollectConfig, task: str, seed: int) -> tuple[RecordedEpisode | None, dict[str, Any]]:
    """Play one episode of the expert.

    Args:
        config: Settings.
        task: Name of the task.
        seed: Seed of world, expert and disturbance.

    Returns:
        What was seen, None without success or when that came before half a second was shown; and how it went,
        with the time from the start of the episode and whether it began where a failed attempt ended, or why
        physics gave up.
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
    shown = Shown(config.image_size)
    for push in pushes:
        wanted = expert.act(see(env)).astype(np.float32)
        if not expert.is_astray:
            shown.add(observation, wanted, truth.truth_of(env.twin))
        try:
            observation, _, is_over, is_late, info = env.step((wanted + push).astype(np.float32))
        except SimulationError as error:  # as any failure, or the next start would meet this seed again
            return None, {"task": task, "seed": seed, "failure": str(error)}
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


def collect(
    config: CollectConfig, staging: Path, report: Report, start: Report = lambda attempt: None
) -> list[StagedEpisode]:
    """Record until every task has its episodes; what is there already counts.

    The result depends on the first seed only, not on the number of workers, on interruptions or on what else
    the folder holds: of each task the successes with the lowest seeds are taken.

    Args:
        config: Settings.
        staging: Folder for finished episodes.
        report: Called after every attempt.
        start: Called once for each attempt that is there already and counts.

    Returns:
        The episodes of all tasks, in the order of tasks and seeds.

    Raises:
        DatasetError: The folder's episodes were recorded with other settings, one could not be written, a
            worker was killed, too many attempts failed in a row, or no seed is left below those of
            evaluation. What was finished is kept.
    """
    claim_staging(staging, to_dict(config))
    gl.choose()
    with processes(config.workers, DatasetError) as pool:
        for task in config.episodes:
            _collect_task(config, staging, task, pool, report=report, start=start)
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
    *,
    report: Report,
    start: Report,
) -> None:
    folder = Staging(staging, 1)
    tried = folder.names()
    frames = {episode.source["seed"]: episode.length for episode in _of_task(folder, config, task)}
    seeds = iter(range(config.seed, FIRST_EVALUATION_SEED))
    running: set[Future[Attempt]] = set()
    wanted, done, failures = config.episodes[task], 0, 0
    while done < wanted or running:
        # Seeds go out in order and all that went out are awaited, so that no lower seed is left untried;
        # what was tried earlier counts when its turn comes.
        while done + len(running) < wanted and len(running) < config.workers:
            seed = next(seeds, None)
            if seed is None:
                break
            if episode_name(task, seed) in tried:
                done += seed in frames
                start(Attempt(task, seed, seed in frames, frames.get(seed, 0)))
            else:
                running.add(pool.submit(_attempt, config, staging, task, seed))
        if done < wanted and not running:
            raise _out_of_seeds(config, task, done)
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            attempt = future.result()
            done += attempt.is_success
            failures = 0 if attempt.is_success else failures + 1
            report(attempt)
            if failures == MOST_FAILURES_IN_A_ROW:
                raise _hopeless(config, attempt)


def _out_of_seeds(config: CollectConfig, task: str, done: int) -> DatasetError:
    return DatasetError(
        f"{done} of {config.episodes[task]} episodes of {task} have a seed from {config.seed} on, and those "
        f"from {FIRST_EVALUATION_SEED} on are for evaluation; take a lower --seed, or fewer episodes."
    )


def _hopeless(config: CollectConfig, last: Attempt) -> DatasetError:
    return DatasetError(
        f"{MOST_FAILURES_IN_A_ROW} attempts at {last.task} have failed one after the other, the last one "
        f"with seed {last.seed}; lower --disturbance ({config.disturbance_rad:g} rad) or --stray "
        f"({config.stray_share:g}) in a new folder, or start again to go on with the next seeds: what was "
        "finished is kept."
    )


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
