"""Low-rank adaptation of a checkpoint to a few demonstrations, merged into a plain checkpoint at the end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from dexora_core.records import from_dict, to_dict
from dexora_policy.model.adapters import ALPHA, RANK, add_adapters
from dexora_policy.solver_plan import DEFAULT_STEPS
from peft import PeftModel
from torch import Tensor

from dexora_train.checkpoint import Checkpoint, Recipe
from dexora_train.data.reader import LeRobotReader
from dexora_train.learning.bounds import refuse_outside
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.fit import check_pictures, check_rate, refuse_unfit, unknown_words
from dexora_train.learning.frames import Frames, unpack
from dexora_train.learning.in_parts import InParts
from dexora_train.learning.loop import LoopConfig, train_loop
from dexora_train.learning.loop_log import Run
from dexora_train.learning.observation import Imperfection
from dexora_train.learning.processes import check_batch, claim_together, start_processes
from dexora_train.learning.run_folder import (
    CHECKPOINT,
    FRAMES,
    TOKENS,
    checkpoint_hash,
    open_checkpoint,
    parent_sentence,
    save_whole,
)
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.stages import Acting, Samples, loss_of, split
from dexora_train.learning.tokens import cache_tokens
from dexora_train.learning.train_config import Reports, told_by


@dataclass(frozen=True)
class FinetuneConfig:
    """An adaptation; the defaults are the recipe of the Dexora article.

    Attributes:
        name: Name of the adapted policy; empty: the parent's, with "-tuned" behind it.
        epochs: Passes over all windows of the demonstrations.
        batch: Samples that are looked at together, of all processes together.
        accumulation: So many of these make one step; 1 with a larger batch is faster, in more memory.
        learning_rate: At its highest; a cosine leads it to zero.
        warm_up: Steps in which it rises.
        weight_decay: Of matrices.
        average_decay: Share of the running average that each step keeps.
        save_every: Steps between two states on disk.
        copies: Cached copies of each picture's tokens; all but one are augmented.
        imperfection: What the policy does not get to see.
        seed: Of everything random.
    """

    name: str = ""
    epochs: int = 20
    batch: int = 4
    accumulation: int = 8
    learning_rate: float = 1e-4
    warm_up: int = 50
    weight_decay: float = 1e-2
    average_decay: float = 0.99
    save_every: int = 200
    copies: int = 3
    imperfection: Imperfection = field(default_factory=Imperfection)
    seed: int = 0

    def __post_init__(self) -> None:
        refuse_outside(self, ("epochs", "batch", "accumulation", "copies"), 1)
        refuse_outside(self, ("seed",), 0)
        self.stage(1, 0)  # refuses what no loop takes

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> FinetuneConfig:
        """Read what was written as YAML; unknown keys are refused."""
        return from_dict(FinetuneConfig, data)

    def stage(self, windows: int, max_prefix_steps: int) -> StageConfig:
        """Return how so many windows are learnt from."""
        together = self.batch * self.accumulation
        loop = LoopConfig(
            math.ceil(self.epochs * windows / together),
            self.learning_rate,
            self.warm_up,
            self.weight_decay,
            average_decay=self.average_decay,
            save_every=self.save_every,
        )
        return StageConfig(together, loop, self.seed, max_prefix_steps, self.imperfection)


def finetune(
    parent: Path, dataset: Path, folder: Path, config: FinetuneConfig, reports: Reports | None = None
) -> Path:
    """Adapt a policy; started again, it goes on where it was stopped.

    What the policy sees with, its statistics and its tokenizer stay those of the parent.

    Args:
        parent: Folder of a checkpoint; it is only read.
        dataset: Folder of a LeRobot dataset of the same robot.
        folder: Folder of the run.
        config: How.
        reports: Who is told.

    Returns:
        Folder of the checkpoint.

    Raises:
        DatasetError: The dataset cannot be read.
        TrainingError: Checkpoint or dataset do not fit, the folder holds another run, or training fails.
        ConfigError: The policy cannot learn with this imperfection.
    """
    old = open_checkpoint(parent)
    config.imperfection.check(old.recipe.policy)
    reader = _fitting(dataset, old.recipe)
    accelerator = start_processes()
    told = told_by(reports, accelerator)
    check_batch("batch", config.batch, accelerator)
    parent_hash = checkpoint_hash(parent)
    claim_together(folder, {**to_dict(config), "parent": parent_hash}, accelerator)
    told.stage("unpacking videos")
    with accelerator.main_process_first():
        frames = unpack(dataset, folder / FRAMES, told.count)
    _warn_of_words(old, frames, told)
    told.stage("computing tokens")
    old.encoder.to(accelerator.device)
    with accelerator.main_process_first():
        tokens = cache_tokens(old.encoder, frames, folder / TOKENS, config.copies, told.count)
    told.stage("adapting")
    recipe = old.recipe
    samples, held_out = split(frames, tokens, recipe.statistics, old.tokenizer, horizon=recipe.policy.horizon)
    adapted = adapt(old, samples, config, Run(folder / "adapting", accelerator, told.line), held_out)
    if accelerator.is_main_process:
        lineage = f"adapted from {parent_sentence(old, parent_hash)}: {_sentence(reader, config)}"
        save_whole(_merged(old, adapted, frames, config, lineage), folder / CHECKPOINT)
    accelerator.wait_for_everyone()
    return folder / CHECKPOINT


def adapt(
    old: Checkpoint, samples: Samples, config: FinetuneConfig, run: Run, held_out: Samples | None = None
) -> PeftModel:
    """Return the policy with adapters that have learnt, in evaluation mode; `old` holds the same policy.

    Args:
        old: The parent; adapters are put into its policy.
        samples: Demonstrations.
        config: How.
        run: Where.
        held_out: Demonstrations of which the loss is told and nothing is learnt; None: there are none.
    """
    accelerator = run.accelerator
    torch.manual_seed(config.seed)
    adapters = add_adapters(old.policy)
    acting = Acting(old.encoder, old.language, old.policy)
    acting.adapter.requires_grad_(False)
    acting.language.requires_grad_(False)
    acting.eval()
    old.policy.train()
    stage = config.stage(len(samples.windows), old.recipe.max_prefix_steps)
    weights = samples.weights(old.policy.config, accelerator.device)
    module = InParts(acting, config.accumulation)
    prepared = accelerator.prepare(module)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        # The adapters' dropout draws from the global generator, and a resumed step has to draw the same.
        number = step * accelerator.num_processes + accelerator.process_index
        torch.manual_seed(config.seed * 1_000_003 + number)
        return prepared(*samples.drawn(step, stage, accelerator), stage, weights), {}

    train_loop(prepared, step_loss, stage.loop, run, loss_of(module, held_out, stage, weights, accelerator))
    acting.eval()
    return adapters


def _fitting(dataset: Path, recipe: Recipe) -> LeRobotReader:
    """Return a dataset's reader; refuse what does not fit, and a policy that must not learn further."""
    if recipe.policy.head != "mip" and recipe.steps < DEFAULT_STEPS[recipe.policy.head]:
        raise TrainingError(
            f"{recipe.name} was distilled to {recipe.steps} steps, which further training undoes; adapt its "
            "teacher and distil again."
        )
    refuse_unfit(dataset, recipe.robot)
    reader = LeRobotReader(dataset)
    check_rate(reader, recipe)
    check_pictures(reader, recipe.encoder)
    return reader


def _warn_of_words(old: Checkpoint, frames: Frames, told: Reports) -> None:
    words = unknown_words(old.tokenizer, (span.task for span in frames.spans))
    if words:
        told.stage(f"warning: {old.recipe.name} does not know {', '.join(words)}; it reads them as one word")


def _merged(
    old: Checkpoint, adapted: PeftModel, frames: Frames, config: FinetuneConfig, lineage: str
) -> Checkpoint:
    """Return a plain checkpoint: the adapters are added to the weights that they adapt."""
    recipe = old.recipe
    instructions = (*recipe.known_instructions, *(span.task for span in frames.spans))
    new = replace(
        recipe,
        name=config.name or f"{recipe.name}-tuned",
        known_instructions=tuple(dict.fromkeys(instructions)),
        lineage=(*recipe.lineage, lineage),
    )
    return Checkpoint(new, old.encoder, adapted.merge_and_unload().eval(), old.language, old.tokenizer)


def _sentence(reader: LeRobotReader, config: FinetuneConfig) -> str:
    return (
        f"LoRA of rank {RANK} and alpha {ALPHA}, {config.epochs} passes over {len(reader)} episodes of "
        f"{reader.root.name}, {config.batch} x {config.accumulation} samples per step, seed {config.seed}"
    )
