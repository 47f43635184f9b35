"""A whole training run in one folder: from a dataset to a checkpoint, resumable at every stage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from dexora_core.bundle import Statistics
from dexora_core.records import to_dict
from dexora_perception.model import EncoderConfig
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import Policy, PolicyConfig, build_language
from dexora_policy.model import preset as policy_preset
from dexora_policy.solver_plan import DEFAULT_STEPS, LINEAR
from numpy.typing import NDArray

from dexora_train.checkpoint import Checkpoint, Recipe, check_noise_scale, check_steps
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.scenes import Scenes
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.eyes import Eyes, eyes_of, take_eyes
from dexora_train.learning.finished_run import EYES, START, FinishedRun, open_finished
from dexora_train.learning.fit import check_pictures, refuse_unfit
from dexora_train.learning.frames import Frames, unpack
from dexora_train.learning.loop_log import Run
from dexora_train.learning.memory import keep_memory
from dexora_train.learning.normalisation import statistics_of
from dexora_train.learning.pretraining import Seeing
from dexora_train.learning.processes import check_batch, claim_together, start_processes
from dexora_train.learning.run_folder import CHECKPOINT, FRAMES, TOKENS, parent_sentence, save_whole
from dexora_train.learning.seeing_run import scene_config, scenes_of, seeing_of, sight_of
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.stages import Acting, learn_to_act, split
from dexora_train.learning.tokens import cache_tokens
from dexora_train.learning.train_config import SAMPLING, Reports, TrainConfig, told_by
from dexora_train.learning.warm_start import link_what_is_seen, refuse_other_eyes, take_over
from dexora_train.learning.words import Listening, Questions, known_of, learn_words, sentences_of
from dexora_train.word_tokenizer import word_tokenizer

_UNSAID = {"scene_tasks": ["reach", "lift", "bimanual_lift"]}
"""What the folder of a run means that was begun before there was such a setting."""


@dataclass(frozen=True)
class _Job:
    """A run: what is learnt from, how, where, who is told, from which run, and whose eyes it takes."""

    reader: LeRobotReader
    config: TrainConfig
    folder: Path
    accelerator: Accelerator
    told: Reports
    parent: FinishedRun | None
    eyes: Eyes | None


@dataclass(frozen=True)
class _Seen:
    """What a run has learnt to see, and what it sees with that; arrays as `cache_tokens` has them."""

    seeing: Seeing
    frames: Frames
    tokens: NDArray[np.float16]
    scenes: Scenes | None


def train(
    dataset: Path,
    folder: Path,
    config: TrainConfig,
    reports: Reports | None = None,
    start: Path | None = None,
    *,
    eyes: Path | None = None,
) -> Path:
    """Train a policy; started again, it goes on where it was stopped.

    Args:
        dataset: Folder of a LeRobot dataset.
        folder: Folder of the run.
        config: What and how.
        reports: Who is told.
        start: Folder of a finished run of the same dataset: what it has learnt to see and hear is taken over,
            and acting starts from its weights.
        eyes: Folder of a run of any dataset of the robot, which showed the same things: its encoder is taken
            over, and seeing is not learnt.

    Returns:
        Folder of the checkpoint.

    Raises:
        DatasetError: The dataset cannot be read.
        TrainingError: The folder holds another run, the dataset does not fit or `check` finds an error in it,
            the run to start from is not finished or has another shape, eyes do not fit or are named beside a
            run to start from, or training fails.
        ConfigError: An unknown preset, head or task, or settings that do not fit each other.
    """
    keep_memory()
    accelerator = start_processes(config.mixed_precision)
    parent = None if start is None else open_finished(start)
    _check(config, accelerator)
    if parent is not None:
        refuse_other_eyes(parent, config)
    taken = _taken_eyes(config, start, eyes)
    refuse_unfit(dataset, config.robot)
    job = _Job(
        LeRobotReader(dataset), config, folder, accelerator, told_by(reports, accelerator), parent, taken
    )
    check_pictures(job.reader, encoder_preset(config.preset))
    claim_together(folder, _claimed(config, parent, taken), accelerator, _UNSAID)
    _bring(job, start)
    done = _acting_checkpoint(job, _seen(job, dataset))
    if accelerator.is_main_process:
        save_whole(done, folder / CHECKPOINT)
    accelerator.wait_for_everyone()
    return folder / CHECKPOINT


def _check(config: TrainConfig, accelerator: Accelerator) -> None:
    """Refuse settings that would be found wrong after hours only.

    Args:
        config: The settings.
        accelerator: Devices and processes.

    Raises:
        ConfigError: Names the setting, its value and what is allowed.
        TrainingError: Processes cannot take equal shares of a batch.
    """
    policy = replace(policy_preset(config.preset), head=config.head)
    config.imperfection.check(policy)
    check_steps("max_prefix_steps", config.max_prefix_steps, least=0, horizon=policy.horizon)
    check_steps("n_action_steps", config.n_action_steps, least=1, horizon=policy.horizon)
    check_noise_scale(config.noise_scale, config.head)
    scene_config(config)
    for name in ("batch_seeing", "batch_acting"):
        check_batch(name, getattr(config, name), accelerator, is_halved=config.scenes > 0)


def _bring(job: _Job, start: Path | None) -> None:
    """Bring into the folder of a run what it takes over from another one."""
    with job.accelerator.main_process_first():
        if start is not None:
            link_what_is_seen(start, job.folder)
        if job.eyes is not None:
            take_eyes(job.eyes, job.folder)


def _taken_eyes(config: TrainConfig, start: Path | None, eyes: Path | None) -> Eyes | None:
    if eyes is None:
        return None
    if start is not None:
        raise TrainingError("who starts from a run has its eyes; leave out one of start and eyes.")
    return eyes_of(eyes, config)


def _claimed(config: TrainConfig, parent: FinishedRun | None, eyes: Eyes | None) -> dict[str, Any]:
    """Return the settings on which the weights depend."""
    settings = {name: value for name, value in to_dict(config).items() if name not in SAMPLING}
    taken = {name: one.hash for name, one in ((START, parent), (EYES, eyes)) if one is not None}
    return {**settings, **taken}


def _seen(job: _Job, dataset: Path) -> _Seen:
    """Learn to see, and look at everything once."""
    config, folder, accelerator, told = job.config, job.folder, job.accelerator, job.told
    told.stage("unpacking videos")
    with accelerator.main_process_first():
        frames = unpack(dataset, folder / FRAMES, told.count)
    torch.manual_seed(config.seed)
    seeing = seeing_of(frames, config, folder, accelerator, told)
    if not (folder / TOKENS).exists():
        told.stage(sight_of(seeing, frames))
    told.stage("computing tokens")
    with accelerator.main_process_first():
        tokens = cache_tokens(seeing.encoder, frames, folder / TOKENS, config.copies, told.count)
    return _Seen(seeing, frames, tokens, scenes_of(frames, config, folder, accelerator, told))


def _acting_checkpoint(job: _Job, seen: _Seen) -> Checkpoint:
    """Train language and policy on what the encoder has seen, from a parent's weights where there is one."""
    config, accelerator, told = job.config, job.accelerator, job.told
    encoder, frames = seen.seeing.encoder, seen.frames
    policy_config = replace(policy_preset(config.preset), head=config.head)
    is_shared = policy_config.action_frame == "relative"
    statistics = statistics_of(job.reader, job.reader.root.name, is_shared=is_shared)
    drawn, language = scene_config(config), policy_config.language
    tasks = [span.task for span in frames.spans]
    sentences = [*tasks, *(sentences_of(drawn) if seen.scenes else [])]
    tokenizer = word_tokenizer(sentences, language.vocabulary, language.max_tokens)
    samples, held_out = split(frames, seen.tokens, statistics, tokenizer, horizon=policy_config.horizon)
    if config.head in LINEAR:
        policy_config = replace(policy_config, action_spread=samples.spread(policy_config))
    torch.manual_seed(config.seed + 1)
    policy = Policy(policy_config)
    listening = Listening(encoder, build_language(language), policy)
    acting = Acting(encoder, listening.language, policy, where=listening.where if seen.scenes else None)
    _keep_what_was_learnt(acting, seen.seeing)
    questions = None
    if seen.scenes is not None:
        states = np.asarray(frames.state)
        questions = Questions(seen.scenes, drawn, states, encoder, statistics, tokenizer)
    if job.parent is not None:
        take_over(job.parent, acting, policy_config, tokenizer)
    elif questions is not None:
        told.stage("learning words")
        words = StageConfig(config.batch_acting, config.words, config.seed)
        learn_words(listening, questions, words, Run(job.folder / "words", accelerator, told.line))
    told.stage("learning to act")
    stage = StageConfig(
        config.batch_acting, config.acting, config.seed, config.max_prefix_steps, config.imperfection
    )
    where = Run(job.folder / "acting", accelerator, told.line)
    learn_to_act(acting, samples, stage, where, questions, held_out)
    known = known_of(tasks, drawn if seen.scenes else None)
    recipe = _recipe(job, encoder.config, policy_config, statistics, known)
    return Checkpoint(recipe, encoder, acting.policy, acting.language, tokenizer)


def _recipe(
    job: _Job, encoder: EncoderConfig, policy: PolicyConfig, statistics: Statistics, known: tuple[str, ...]
) -> Recipe:
    config = job.config
    return Recipe(
        name=config.name,
        robot=config.robot,
        encoder=encoder,
        policy=policy,
        steps=DEFAULT_STEPS[config.head],
        step_dt_s=1.0 / job.reader.rate_hz,
        max_prefix_steps=config.max_prefix_steps,
        statistics=statistics,
        known_instructions=known,
        lineage=(*_before(job), _sentence(job.reader, config)),
        n_action_steps=config.n_action_steps,
        noise_scale=config.noise_scale,
    )


def _keep_what_was_learnt(acting: Acting, seeing: Seeing) -> None:
    """Give a policy's resampler the questions that an encoder has learnt to answer, and freeze the way there.

    A new decoder's first gradients are noise; they would undo in a hundred steps what seeing took thousands.
    """
    resampler = acting.policy.fusion.resampler
    if resampler is None:
        return
    resampler.load_state_dict(seeing.questions.state_dict())
    resampler.requires_grad_(False)
    acting.adapter.requires_grad_(False)


def _before(job: _Job) -> tuple[str, ...]:
    """Return the lineage of what a run starts from."""
    parent = job.parent
    if parent is None:
        return (f"eyes of {job.eyes.name} (SHA-256 {job.eyes.hash})",) if job.eyes else ()
    return (
        *parent.checkpoint.recipe.lineage,
        f"started from {parent_sentence(parent.checkpoint, parent.hash)}",
    )


def _sentence(reader: LeRobotReader, config: TrainConfig) -> str:
    return (
        f"head {config.head}, {config.acting.steps} steps of {config.batch_acting} samples, seed "
        f"{config.seed}, on {len(reader)} episodes of {reader.root.name} and {config.scenes} still scenes"
    )
