"""Progressive distillation of a finished run, 16 steps to 8 to 4 to 2, in a folder of its own, resumable."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dexora_core.errors import ConfigError
from dexora_core.records import from_dict, to_dict
from torch import Tensor, nn

from dexora_train.checkpoint import Checkpoint, Recipe
from dexora_train.learning.bounds import refuse_outside
from dexora_train.learning.distill_loss import HEADS, Lesson, lesson, student_loss
from dexora_train.learning.finished_run import FinishedRun, open_finished
from dexora_train.learning.loop import LoopConfig, train_loop
from dexora_train.learning.loop_log import Run
from dexora_train.learning.losses import Draws
from dexora_train.learning.observation import Imperfection
from dexora_train.learning.processes import check_batch, claim_together, start_processes
from dexora_train.learning.run_folder import CHECKPOINT, parent_sentence, save_whole
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.stages import Acting, Sample, Samples
from dexora_train.learning.train_config import Reports, told_by

# Share of the teacher's training steps that a round takes when nobody says otherwise.
_SHARE = 0.1
_COMPARED = 64
_PERFECT = Imperfection(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class DistillConfig:
    """A distillation.

    Attributes:
        name: Name of the student; empty: the teacher's, with its steps behind it.
        teacher_steps: Steps at which the teacher starts; each round halves them.
        rounds: How each round is trained; empty: as the teacher was, each with a tenth of its steps, to 2.
        batch: Samples per step, of all processes together.
        seed: Of everything random.
    """

    name: str = ""
    teacher_steps: int = 16
    rounds: tuple[LoopConfig, ...] = ()
    batch: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        refuse_outside(self, ("seed",), 0)
        halvings = max(1, len(self.rounds))
        if self.teacher_steps < 2 or self.teacher_steps % 2**halvings or self.batch < 1:
            raise ConfigError(
                f"teacher_steps is {self.teacher_steps} for {halvings} rounds and batch is {self.batch}; "
                "every round halves the steps and a batch holds at least 1"
            )
        if not self.rounds and self.teacher_steps.bit_count() != 1:
            raise ConfigError(
                f"teacher_steps is {self.teacher_steps}; without rounds it must be a power of two"
            )

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> DistillConfig:
        """Read what was written as YAML; unknown keys are refused."""
        return from_dict(DistillConfig, data)

    @property
    def steps(self) -> int:
        """Steps of the student after the last round."""
        return self.teacher_steps >> len(self.rounds)

    def completed(self, recipe: Recipe, teacher: LoopConfig) -> DistillConfig:
        """Return it with a name and rounds, taken from the teacher where they are left open."""
        rounds = self.rounds
        if not rounds:
            short = replace(
                teacher,
                steps=max(1, round(_SHARE * teacher.steps)),
                warm_up=max(1, round(_SHARE * teacher.warm_up)),
            )
            rounds = (short,) * max(1, self.teacher_steps.bit_length() - 2)
        steps = self.teacher_steps >> len(rounds)
        return replace(self, name=self.name or f"{recipe.name}-{steps}-steps", rounds=rounds)


class Student(nn.Module):
    """What learns in a round.

    Args:
        acting: Adapter, language and policy, with the teacher's weights at first.
    """

    def __init__(self, acting: Acting) -> None:
        super().__init__()
        self.acting = acting

    def forward(
        self, sample: Sample, draws: Draws, config: StageConfig, learnt: Lesson, weights: Tensor | None
    ) -> Tensor:
        """Return the loss of some samples; joints count by `weights` (J,)."""
        context = self.acting.observe(sample, draws, config.imperfection)
        loss = student_loss(self.acting.policy, context, sample.valid, learnt, weights=weights)
        if context.state is not None:
            loss = loss + config.state_weight * (context.state - sample.state).square().mean()
        return loss


def distill(source: Path, folder: Path, config: DistillConfig, reports: Reports | None = None) -> Path:
    """Distil a policy; started again, it goes on where it was stopped.

    Args:
        source: Folder of a finished `train` run; it is only read.
        folder: Folder of the distillation.
        config: How.
        reports: Who is told.

    Returns:
        Folder of the checkpoint.

    Raises:
        TrainingError: The run is not finished, the folder holds another one, or training fails.
        ConfigError: The policy has a head that needs no distillation.
    """
    run = open_finished(source)
    accelerator = start_processes(run.config.mixed_precision)
    told = told_by(reports, accelerator)
    recipe = run.checkpoint.recipe
    if recipe.policy.head not in HEADS:
        raise ConfigError(
            f"{recipe.name} has head {recipe.policy.head!r}; distillation takes {', '.join(HEADS)}, "
            "others need no more than two steps already"
        )
    config = config.completed(recipe, run.config.acting)
    check_batch("batch", config.batch, accelerator)
    claimed = {**to_dict(config), "teacher": run.hash, "noise_scale": recipe.noise_scale}
    claim_together(folder, claimed, accelerator)
    teacher = Acting(run.checkpoint.encoder, run.checkpoint.language, run.checkpoint.policy)
    teacher.to(accelerator.device)
    student, steps = teacher, config.teacher_steps
    for number, loop in enumerate(config.rounds):
        told.stage(f"from {steps} steps to {steps // 2}")
        stage = StageConfig(
            config.batch, loop, config.seed + number, recipe.max_prefix_steps, run.config.imperfection
        )
        steps //= 2
        where = Run(folder / f"round_{steps:02d}", accelerator, told.line)
        student = learn_round(student, samples_of(run), steps, recipe.noise_scale, stage, where)
    told.stage(_comparison((teacher, config.teacher_steps), (student, steps), run))
    if accelerator.is_main_process:
        save_whole(_checkpoint(run, student, config), folder / CHECKPOINT)
    accelerator.wait_for_everyone()
    return folder / CHECKPOINT


def learn_round(  # noqa: PLR0917 - what is learnt, then how
    teacher: Acting, samples: Samples, steps: int, noise_scale: float, config: StageConfig, run: Run
) -> Acting:
    """Return a student that takes half as many steps as its teacher, in evaluation mode.

    Args:
        teacher: Not changed.
        samples: Demonstrations.
        steps: Steps of the student.
        noise_scale: Standard deviation of the noise that teacher and student start from.
        config: How batches are drawn.
        run: Where.
    """
    accelerator = run.accelerator
    student = Student(copy.deepcopy(teacher))
    teacher.eval()
    prepared = accelerator.prepare(student)
    weights = samples.weights(teacher.policy.config, accelerator.device)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        sample, draws = samples.drawn(step, config, accelerator)
        with torch.no_grad(), accelerator.autocast():
            context = teacher.observe(sample, draws, config.imperfection)
            learnt = lesson(teacher.policy, context, sample.actions, draws, steps, noise_scale)
        return prepared(sample, draws, config, learnt, weights), {}

    train_loop(prepared, step_loss, config.loop, run)
    return student.acting.eval()


def samples_of(run: FinishedRun, *, held_out: bool = False) -> Samples:
    """Return the demonstrations of a run, those for training or those for validation."""
    recipe, checkpoint = run.checkpoint.recipe, run.checkpoint
    return Samples(
        run.frames,
        run.tokens,
        recipe.statistics,
        checkpoint.tokenizer,
        horizon=recipe.policy.horizon,
        held_out=held_out,
    )


@torch.no_grad()
def chunks(acting: Acting, samples: Samples, steps: int, noise_scale: float) -> Tensor:
    """Return the normalised chunks (N, H, J) for evenly spread windows, from the same noise for everybody.

    Args:
        acting: The policy and what it reads with, in evaluation mode.
        samples: Where the windows are.
        steps: Calls of the network.
        noise_scale: Standard deviation of the noise.
    """
    total = len(samples.windows)
    windows = np.linspace(0, total - 1, min(_COMPARED, total)).astype(np.intp)
    policy = acting.policy.config
    draws = Draws(0, 0, (len(windows), policy.horizon, policy.joints), 0)
    device = next(acting.parameters()).device
    sample = samples.take(windows, np.zeros(len(windows), np.intp), device)
    draws = draws.to(device)
    context = acting.observe(sample, draws, _PERFECT)
    nothing = torch.zeros(draws.noise.shape[:2], dtype=torch.bool, device=device)
    noise = noise_scale * draws.noise
    return acting.policy.sample(context, torch.zeros_like(noise), nothing, noise, steps)


def _comparison(teacher: tuple[Acting, int], student: tuple[Acting, int], run: FinishedRun) -> str:
    """Return how far the student is from the teacher in episodes that nobody was trained on."""
    samples = samples_of(run, held_out=True)
    recipe = run.checkpoint.recipe
    half_rad = torch.tensor(recipe.statistics.action_half_range_rad)

    def apart_mrad(one: Tensor, other: Tensor) -> float:
        return 1000 * float(((one - other).cpu() * half_rad).square().mean().sqrt())

    wanted, got, undistilled = (
        chunks(acting, samples, steps, recipe.noise_scale)
        for acting, steps in (teacher, student, (teacher[0], student[1]))
    )
    return (
        f"{student[1]} steps are {apart_mrad(got, wanted):.1f} mrad from the teacher's {teacher[1]}; "
        f"without distillation {apart_mrad(undistilled, wanted):.1f} mrad"
    )


def _checkpoint(run: FinishedRun, student: Acting, config: DistillConfig) -> Checkpoint:
    old = run.checkpoint
    if old.encoder.adapter is not student.adapter:
        old.encoder.adapter.load_state_dict(student.adapter.state_dict())
    counts = [config.teacher_steps >> number for number in range(len(config.rounds) + 1)]
    sentence = (
        f"distilled from {parent_sentence(old, run.hash)}: "
        f"{' to '.join(map(str, counts))} steps, {', '.join(str(loop.steps) for loop in config.rounds)} "
        f"training steps of {config.batch} samples, seed {config.seed}"
    )
    recipe = replace(
        old.recipe, name=config.name, steps=config.steps, lineage=(*old.recipe.lineage, sentence)
    )
    return Checkpoint(recipe, old.encoder, student.policy, student.language, old.tokenizer)
