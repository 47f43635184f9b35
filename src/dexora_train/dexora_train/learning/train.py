"""A whole training run in one folder: from a dataset to a checkpoint, resumable at every stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from dexora_core.records import to_dict
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import Policy, build_language
from dexora_policy.model import preset as policy_preset
from dexora_policy.solver_plan import DEFAULT_STEPS
from numpy.typing import NDArray

from dexora_train.checkpoint import Checkpoint, Recipe
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.scenes import Scenes
from dexora_train.learning.fit import check_pictures, refuse_unfit
from dexora_train.learning.frames import Frames, unpack
from dexora_train.learning.loop import Run
from dexora_train.learning.memory import keep_memory
from dexora_train.learning.normalisation import statistics_of
from dexora_train.learning.pretraining import Seeing
from dexora_train.learning.run_folder import CHECKPOINT, FRAMES, TOKENS, claim, save_whole
from dexora_train.learning.seeing_run import scene_config, scenes_of, seeing_of
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.stages import Acting, Samples, learn_to_act
from dexora_train.learning.tokens import cache_tokens
from dexora_train.learning.train_config import Reports, TrainConfig
from dexora_train.learning.words import Listening, Questions, learn_words, sentences_of
from dexora_train.word_tokenizer import word_tokenizer


def train(dataset: Path, folder: Path, config: TrainConfig, reports: Reports | None = None) -> Path:
    """Train a policy; started again, it goes on where it was stopped.

    Args:
        dataset: Folder of a LeRobot dataset.
        folder: Folder of the run.
        config: What and how.
        reports: Who is told.

    Returns:
        Folder of the checkpoint.

    Raises:
        DatasetError: The dataset cannot be read.
        TrainingError: The folder holds another run, the dataset does not fit or `check` finds an error in it,
            or training fails.
        ConfigError: An unknown preset or head.
    """
    told = reports or Reports()
    keep_memory()
    accelerator = Accelerator(mixed_precision=config.mixed_precision)
    claim(folder, to_dict(config))
    refuse_unfit(dataset, config.robot)
    reader = LeRobotReader(dataset)
    check_pictures(reader, encoder_preset(config.preset))
    told.stage("unpacking videos")
    with accelerator.main_process_first():
        frames = unpack(dataset, folder / FRAMES, told.count)
    torch.manual_seed(config.seed)
    seeing = seeing_of(frames, config, folder, accelerator, told)
    encoder = seeing.encoder
    told.stage("computing tokens")
    with accelerator.main_process_first():
        tokens = cache_tokens(encoder, frames, folder / TOKENS, config.copies, told.count)
    scenes = scenes_of(frames, config, folder, accelerator, told)
    done = _acting_checkpoint(reader, seeing, (frames, tokens, scenes), config, (folder, accelerator, told))
    if accelerator.is_main_process:
        save_whole(done, folder / CHECKPOINT)
    return folder / CHECKPOINT


def _acting_checkpoint(
    reader: LeRobotReader,
    seeing: Seeing,
    seen: tuple[Frames, NDArray[np.float16], Scenes | None],
    config: TrainConfig,
    where: tuple[Path, Accelerator, Reports],
) -> Checkpoint:
    """Train language and policy on what the encoder has seen."""
    (frames, tokens, scenes), (folder, accelerator, told) = seen, where
    encoder, policy_config = seeing.encoder, replace(policy_preset(config.preset), head=config.head)
    statistics = statistics_of(reader, reader.root.name, is_shared=policy_config.action_frame == "relative")
    tasks = [span.task for span in frames.spans]
    language = policy_config.language
    asked = sentences_of(scene_config(config)) if scenes else []
    tokenizer = word_tokenizer([*tasks, *asked], language.vocabulary, language.max_tokens)
    torch.manual_seed(config.seed + 1)
    policy = Policy(policy_config)
    listening = Listening(encoder, build_language(language), policy)
    acting = Acting(encoder, listening.language, policy, where=listening.where if scenes else None)
    _keep_what_was_learnt(acting, seeing)
    questions = None
    if scenes is not None:
        told.stage("learning words")
        drawn = scene_config(config)
        questions = Questions(scenes, drawn, np.asarray(frames.state), encoder, statistics, tokenizer)
        words = StageConfig(config.batch_acting, config.words, config.seed)
        learn_words(listening, questions, words, Run(folder / "words", accelerator, told.line))
    told.stage("learning to act")
    samples = Samples(frames, tokens, statistics, tokenizer, horizon=policy_config.horizon)
    stage = StageConfig(
        config.batch_acting, config.acting, config.seed, config.max_prefix_steps, config.imperfection
    )
    learn_to_act(acting, samples, stage, Run(folder / "acting", accelerator, told.line), questions)
    recipe = Recipe(
        name=config.name,
        robot=config.robot,
        encoder=encoder.config,
        policy=policy_config,
        steps=DEFAULT_STEPS[config.head],
        step_dt_s=1.0 / reader.rate_hz,
        max_prefix_steps=config.max_prefix_steps,
        statistics=statistics,
        known_instructions=tuple(dict.fromkeys([*tasks, *asked])),
        lineage=(_sentence(reader, config),),
        n_action_steps=config.n_action_steps,
    )
    return Checkpoint(recipe, encoder, acting.policy, acting.language, tokenizer)


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


def _sentence(reader: LeRobotReader, config: TrainConfig) -> str:
    return (
        f"head {config.head}, {config.acting.steps} steps of {config.batch_acting} samples, seed "
        f"{config.seed}, on {len(reader)} episodes of {reader.root.name} and {config.scenes} still scenes"
    )
