"""Plays all episodes of an evaluation on several processes; what is finished already is not played again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from pathlib import Path

from dexora_core.contract import load_contract
from dexora_sim.tasks import make_task

from dexora_description import contract_path
from dexora_sim import gl
from dexora_train.data.collect import FIRST_EVALUATION_SEED
from dexora_train.evaluate.episode import EpisodeResult, play
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.model import Model
from dexora_train.evaluate.opening import EXPERT, identify, open_model
from dexora_train.evaluate.results import Key, Results, Subject
from dexora_train.evaluate.scene import Scene, task_of
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.pool import processes

Report = Callable[[EpisodeResult], None]
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LP_NUM_THREADS")
_AHEAD = 2
"""Episodes handed out per worker: the one it plays, and the next."""


@dataclass(frozen=True)
class Evaluation:
    """What is to be played.

    Attributes:
        source: Directory of a bundle or checkpoint, or `expert`.
        settings: How episodes are played.
        tasks: Names of the tasks.
        seeds: Seeds of each task, the first ones from `first_seed` on.
        workers: Processes.
        first_seed: The first one.
    """

    source: str
    settings: EvaluationSettings
    tasks: tuple[str, ...]
    seeds: int = 200
    workers: int = 2
    first_seed: int = FIRST_EVALUATION_SEED

    def __post_init__(self) -> None:
        if not self.tasks or self.seeds < 1 or self.workers < 1:
            raise EvaluationError("tasks, seeds and workers must be at least one each.")
        for task in self.tasks:
            make_task(task)
            task_of(task, self.settings)

    @property
    def keys(self) -> list[Key]:
        """Its episodes: never a seed of demonstrations, and the same ones for every model."""
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        return list(product(self.tasks, seeds))


def evaluate(evaluation: Evaluation, out: Path, report: Report, start: Report | None = None) -> Results:
    """Play what is missing in a folder of results.

    Args:
        evaluation: What is to be played.
        out: Folder of the results; one that holds some already is continued.
        report: Called after every episode.
        start: Called once for each episode that is there already.

    Returns:
        All results of the folder.

    Raises:
        EvaluationError: The folder holds results of something else, or cannot be written.
        DexoraError: The model cannot be opened or run.
    """
    results = Results(out, Subject(identify(evaluation.source), evaluation.settings))
    missing = []
    for key in evaluation.keys:
        if key not in results.episodes:
            missing.append(key)
        elif start is not None:
            start(results.episodes[key])
    if not missing:
        return results
    if evaluation.source != EXPERT:
        gl.choose()
    model_of(evaluation.source, evaluation.settings)  # refused here, before anything is written
    results.begin()
    for episode in _played(evaluation, missing):
        results.add(episode)
        report(episode)
    return results


def _played(evaluation: Evaluation, keys: Sequence[Key]) -> Iterator[EpisodeResult]:
    """Yield results as they come."""
    if evaluation.workers == 1:
        for task, seed in keys:
            yield _play(evaluation.source, evaluation.settings, task, seed)
        return
    with _threads(), processes(evaluation.workers, EvaluationError) as pool:
        yield from _in_pool(pool, evaluation, keys)


def _in_pool(
    pool: ProcessPoolExecutor, evaluation: Evaluation, keys: Sequence[Key]
) -> Iterator[EpisodeResult]:
    """Yield results as they come; few episodes are handed out ahead, so that an interruption is quick."""
    waiting = iter(keys)

    def begin(count: int) -> set[Future[EpisodeResult]]:
        ahead = islice(waiting, count)
        return {pool.submit(_play, evaluation.source, evaluation.settings, *key) for key in ahead}

    running = begin(_AHEAD * evaluation.workers)
    while running:
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        running |= begin(len(finished))
        for future in finished:
            yield future.result()


@contextmanager
def _threads() -> Iterator[None]:
    """Let processes that start now compute on one thread each, wherever nothing else is set."""
    added = [name for name in _ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _play(source: str, settings: EvaluationSettings, task: str, seed: int) -> EpisodeResult:
    """Play one episode; runs in a worker."""
    return play(scene_of(task, settings), model_of(source, settings), settings, seed)


@cache
def scene_of(task: str, settings: EvaluationSettings) -> Scene:
    """Return the scene of this process; it stays open, so that no renderer is freed beside another one."""
    return Scene(task, settings)


@cache
def model_of(source: str, settings: EvaluationSettings) -> Model:
    """Return the model of this process."""
    return open_model(source, load_contract(contract_path(settings.robot)), settings)
