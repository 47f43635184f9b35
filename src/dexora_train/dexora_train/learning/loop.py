"""The training loop that every stage shares: resumable, distributed, averaged, logged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from dexora_train.learning.ema import Average
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.snapshot import load_state, save_state


@dataclass(frozen=True)
class LoopConfig:
    """How a stage is trained.

    Attributes:
        steps: Training steps.
        learning_rate: At its highest, after the warm-up; a cosine leads it to zero.
        warm_up: Steps in which it rises.
        weight_decay: Of matrices; norms, biases and embeddings have none.
        clip: Largest norm of the gradient.
        average_decay: Share of the running average that each step keeps.
        save_every: Steps between two states on disk.
        log_every: Steps between two figures in the log.
    """

    steps: int
    learning_rate: float = 3e-4
    warm_up: int = 200
    weight_decay: float = 1e-2
    clip: float = 1.0
    average_decay: float = 0.999
    save_every: int = 500
    log_every: int = 20

    def __post_init__(self) -> None:
        if self.steps < 1 or self.save_every < 1 or self.log_every < 1:
            raise TrainingError("steps, save_every and log_every must be at least 1")


StepLoss = Callable[[int], tuple[Tensor, dict[str, float]]]


@dataclass(frozen=True)
class Progress:
    """One line of the log.

    Attributes:
        step: Steps done.
        loss: Mean loss since the line before.
        figures: Further figures of the step.
    """

    step: int
    loss: float
    figures: dict[str, float]


@dataclass(frozen=True)
class Run:
    """Where and on what a stage runs.

    Attributes:
        folder: For states and the TensorBoard log.
        accelerator: Devices and processes.
        report: Called with every line of the log, on the main process.
    """

    folder: Path
    accelerator: Accelerator
    report: Callable[[Progress], None]


def train_loop(module: nn.Module, step_loss: StepLoss, config: LoopConfig, run: Run) -> None:
    """Train, and leave the averaged weights in the module.

    Goes on from the newest state of the run. The loss of a step must depend on the step's number only, so
    that a run that was interrupted ends with the same weights.

    Args:
        module: What learns; already where the accelerator has prepared it.
        step_loss: Returns the loss of a numbered step, on this process's share of the batch.
        config: How.
        run: Where.

    Raises:
        TrainingError: The loss is no longer finite, or a state cannot be read or written.
    """
    accelerator, folder = run.accelerator, run.folder
    bare = accelerator.unwrap_model(module)
    optimiser = torch.optim.AdamW(
        _groups(bare, config.weight_decay), lr=config.learning_rate, betas=(0.9, 0.95)
    )
    average = Average(bare, config.average_decay)
    start = load_state(folder, bare, optimiser, average)
    writer = SummaryWriter(str(folder / "log"), purge_step=start) if accelerator.is_main_process else None
    total, count = 0.0, 0
    for step in range(start, config.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, config)
        loss, figures = step_loss(step)
        value = float(accelerator.reduce(loss.detach(), reduction="mean"))
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss of step {step} is {value}; lower the learning rate and start again: training goes "
                "on from the last state."
            )
        optimiser.zero_grad(set_to_none=True)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(module.parameters(), config.clip)
        optimiser.step()
        average.update(bare, step)
        total, count, done = total + value, count + 1, step + 1
        if writer is not None and (done % config.log_every == 0 or done == config.steps):
            _log(writer, run.report, Progress(done, total / count, figures))
            total, count = 0.0, 0
        if accelerator.is_main_process and (done % config.save_every == 0 or done == config.steps):
            save_state(folder, done, bare, optimiser, average)
    if writer is not None:
        writer.close()
    average.exchange(bare)


def _log(writer: SummaryWriter, report: Callable[[Progress], None], line: Progress) -> None:
    writer.add_scalar("loss", line.loss, line.step)
    for name, value in line.figures.items():
        writer.add_scalar(name, value, line.step)
    report(line)


def learning_rate(step: int, config: LoopConfig) -> float:
    """Return the learning rate of a step: a line up, a cosine down."""
    rise = min(1.0, (step + 1) / max(1, config.warm_up))
    share = min(1.0, step / config.steps)
    return config.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * share))


def _groups(module: nn.Module, weight_decay: float) -> Iterable[dict[str, object]]:
    """Return the parameters that learn, those with and those without decay."""
    embeddings = {
        id(parameter)
        for part in module.modules()
        if isinstance(part, nn.Embedding)
        for parameter in part.parameters()
    }
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    decayed = [p for p in learning if p.ndim > 1 and id(p) not in embeddings]
    others = [p for p in learning if p.ndim <= 1 or id(p) in embeddings]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
