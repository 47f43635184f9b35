"""One episode of a model in a scene, from the first look to the judgement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from dexora_core.clock import NS_PER_S, ns_to_s
from dexora_core.motion.limits import FloatArray, MotionLimits
from dexora_sim.errors import SimulationError

from dexora_train.evaluate.loop import Loop, make_loop
from dexora_train.evaluate.model import Model
from dexora_train.evaluate.scene import Scene
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.evaluate.smoothness import Smoothness, smoothness

START_NS = NS_PER_S
"""Time of an episode's start on the clock of the command path, which takes 0 for "never"."""
_DECIMALS = 5


@dataclass(frozen=True)
class EpisodeResult:
    """How one episode went.

    Attributes:
        task: Name of the task.
        seed: Its seed.
        instruction: What was asked for.
        is_success: Whether the task was done.
        stages: Stages reached, in order.
        score: Share of the stages reached, 0 to 1.
        time_s: Simulated time at its end [s].
        failure: Why it could no longer succeed; empty when it succeeded or time ran out.
        wanted: Body that the instruction is about.
        touched: `hand:object`, in the order of first contact.
        inferences: How often the model was asked.
        discarded: Chunks that were not used.
        commanded: Smoothness of the joint targets.
        measured: Smoothness of the joints.
        wall_s: Time that playing it took [s].
    """

    task: str
    seed: int
    instruction: str
    is_success: bool
    stages: tuple[str, ...]
    score: float
    time_s: float
    failure: str
    wanted: str
    touched: tuple[str, ...]
    inferences: int
    discarded: int
    commanded: Smoothness
    measured: Smoothness
    wall_s: float

    @property
    def first_touched(self) -> str:
        """The object touched first; empty when none was."""
        return self.touched[0].partition(":")[2] if self.touched else ""

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.is_success:
            return "done"
        return self.failure or f"time ran out after {', '.join(self.stages) or 'no stage'}"


@dataclass
class _Log:
    """What is written down while an episode is played; `void` is why physics gave up, if it did."""

    commanded: list[FloatArray] = field(default_factory=list)
    measured: list[FloatArray] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    inferences: int = 0
    void: str = ""

    def see(self, scene: Scene, target: FloatArray) -> None:
        """Write down a step."""
        self.commanded.append(target)
        self.measured.append(scene.position)
        for hand, name in sorted(scene.world.contacts):
            if (touch := f"{hand}:{name}") not in self.touched:
                self.touched.append(touch)


def play(
    scene: Scene,
    model: Model,
    settings: EvaluationSettings,
    seed: int,
    watch: Callable[[Scene], None] | None = None,
) -> EpisodeResult:
    """Play one episode.

    The result depends on model, settings, task and seed only, not on what was played before (`wall_s` aside).

    Args:
        scene: World of the task.
        model: Who acts.
        settings: How.
        seed: Of layout, instruction, randomisation and the model's noise.
        watch: Called at the start and after every step, for a film.
    """
    begin_s = time.perf_counter()
    scene.reset(seed)
    model.restart(scene, seed)
    loop = make_loop(scene.contract, model.shape, settings, scene.position, START_NS)
    log = _Log()
    log.see(scene, scene.position)
    watch = watch or (lambda _: None)
    is_over = False
    while not is_over:
        watch(scene)
        is_over = _step(scene, model, loop, log)
    watch(scene)
    return _result(scene, loop, log, seed, time.perf_counter() - begin_s)


def _step(scene: Scene, model: Model, loop: Loop, log: _Log) -> bool:
    """Ask the model if it is time, move on by one step, and return whether the episode is over."""
    now_ns = START_NS + scene.time_ns
    plan = loop.wants(now_ns)
    if plan is not None:
        log.inferences += 1
        loop.answer(plan, model.predict(scene, plan.prefix), scene.position)
    target = loop.advance(now_ns, now_ns + model.shape.step_ns, scene.position)
    try:
        is_over = scene.step(target)
    except SimulationError as error:
        log.void = str(error)
        return True
    log.see(scene, target)
    return is_over or loop.end is not None


def _result(scene: Scene, loop: Loop, log: _Log, seed: int, wall_s: float) -> EpisodeResult:
    info, contract = scene.info, scene.contract
    limits, step_s = MotionLimits.from_contract(contract), contract.rates.step_dt_s
    failure = str(info["failure"]) or log.void
    if loop.end is not None and not info["is_success"]:
        failure = f"{loop.end.code}: {loop.end.sentence}"
    return EpisodeResult(
        task=scene.env.task.name,
        seed=seed,
        instruction=scene.instruction,
        is_success=bool(info["is_success"]),
        stages=tuple(info["stages"]),
        score=round(float(info["score"]), _DECIMALS),
        time_s=round(ns_to_s(scene.time_ns), _DECIMALS),
        failure=failure,
        wanted=scene.env.episode.goal.target,
        touched=tuple(log.touched),
        inferences=log.inferences,
        discarded=loop.discarded,
        commanded=_rounded(smoothness(np.array(log.commanded), step_s, limits)),
        measured=_rounded(smoothness(np.array(log.measured), step_s, limits)),
        wall_s=round(wall_s, 3),
    )


def _rounded(motion: Smoothness) -> Smoothness:
    return Smoothness(round(motion.acceleration, _DECIMALS), round(motion.jerk, _DECIMALS))
