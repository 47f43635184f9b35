"""One episode of an expert in the environment: what tests, benchmarks and data collection play."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dexora_sim.env import DexoraEnv
from dexora_sim.experts.base import Expert, View


@dataclass(frozen=True)
class Demonstration:
    """How an episode went.

    Attributes:
        seed: Seed of episode and expert.
        is_success: Whether the task was done.
        stages: Stages reached, in order.
        failure: Why it could no longer succeed; empty when time ran out or it succeeded.
        time_s: Simulated time at its end [s].
    """

    seed: int
    is_success: bool
    stages: tuple[str, ...]
    failure: str
    time_s: float


def see(env: DexoraEnv) -> View:
    """Return what an expert sees of an environment."""
    return View(env.twin.state().position, env.twin.world().objects)


def demonstrate(env: DexoraEnv, expert: Expert, seed: int) -> Demonstration:
    """Play one episode.

    Args:
        env: Environment of the expert's task.
        expert: Who acts.
        seed: Seed of the episode's layout and of the expert's variations.
    """
    info: dict[str, Any] = {}
    for info in play(env, expert, seed):  # noqa: B007  (the last one tells how it went)
        pass
    stages = tuple(info["stages"])
    return Demonstration(seed, bool(info["is_success"]), stages, info["failure"], info["time_s"])


def play(env: DexoraEnv, expert: Expert, seed: int) -> Iterator[dict[str, Any]]:
    """Play one episode; yield the environment's `info` at its start and after every step."""
    _, info = env.reset(seed=seed)
    expert.reset(env.episode.goal, see(env), seed)
    yield info
    is_over = is_late = False
    while not (is_over or is_late):
        _, _, is_over, is_late, info = env.step(expert.act(see(env)).astype(np.float32))
        yield info
