"""The training loop that every stage shares: resumable, distributed, averaged, logged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from dexora_train.learning.bounds import refuse_outside
from dexora_train.learning.ema import Average
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.loop_log import LoopLog, Run
from dexora_train.learning.processes import mean_of
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
        refuse_outside(self, ("steps", "save_every", "log_every"), 1)
        refuse_outside(self, ("learning_rate", "clip"), 0, is_above=True)
        refuse_outside(self, ("warm_up", "weight_decay"), 0)
        refuse_outside(self, ("average_decay",), 0, 1)


StepLoss = Callable[[int], tuple[Tensor, dict[str, float]]]


def train_loop(
    module: nn.Module,
    step_loss: StepLoss,
    config: LoopConfig,
    run: Run,
    held_out: Callable[[], Tensor] | None = None,
) -> None:
    """Train, and leave the averaged weights in the module.

    Goes on from the newest state of the run. The loss of a step must depend on the step's number only, so
    that a run that was interrupted ends with the same weights.

    Args:
        module: What learns; already where the accelerator has prepared it.
        step_loss: Returns the loss of a numbered step, on this process's share of the batch.
        config: How.
        run: Where.
        held_out: Returns the loss of what is never learnt from, on this process's share; asked with every
            state, of the averaged weights in evaluation mode. None: there is nothing of that kind.

    Raises:
        TrainingError: The loss or its gradient is no longer finite, or a state cannot be read or written.
    """
    accelerator, folder = run.accelerator, run.folder
    bare = accelerator.unwrap_model(module)
    optimiser = torch.optim.AdamW(
        _groups(bare, config.weight_decay), lr=config.learning_rate, betas=(0.9, 0.95)
    )
    average = Average(bare, config.average_decay)
    start = load_state(folder, bare, optimiser, average)
    log = LoopLog(run, start)
    for step in range(start, config.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, config)
        loss, figures = step_loss(step)
        log.count(_descend(loss, module, optimiser, accelerator, step=step, clip=config.clip))
        average.update(bare, step)
        done = step + 1
        is_saved, is_told = (_is_due(done, every, config) for every in (config.save_every, config.log_every))
        if is_saved and held_out is not None:
            log.figures["held_out_loss"] = _averaged_loss(held_out, bare, average, accelerator)
        if is_told:
            log.tell(done, figures, learning_rate(step, config))
        if is_saved and accelerator.is_main_process:
            save_state(folder, done, bare, optimiser, average)
    log.close()
    average.exchange(bare)


def _descend(
    loss: Tensor,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    accelerator: Accelerator,
    *,
    step: int,
    clip: float,
) -> float:
    """Take a step down a finite loss; return its mean over all processes."""
    value = mean_of(loss, accelerator)
    _refuse_infinite("loss", step, value)
    optimiser.zero_grad(set_to_none=True)
    accelerator.backward(loss)
    norm = accelerator.clip_grad_norm_(module.parameters(), clip)
    _refuse_infinite("gradient", step, float(norm))
    optimiser.step()
    return value


def _is_due(done: int, every: int, config: LoopConfig) -> bool:
    return done % every == 0 or done == config.steps


def _averaged_loss(
    held_out: Callable[[], Tensor], module: nn.Module, average: Average, accelerator: Accelerator
) -> float:
    """Return the held-out loss of the averaged weights; the module is left as it was."""
    modes = [(part, part.training) for part in module.modules()]
    average.exchange(module)
    module.eval()
    with torch.no_grad():
        loss = held_out()
    average.exchange(module)
    for part, is_training in modes:
        part.training = is_training
    return mean_of(loss, accelerator)


def _refuse_infinite(what: str, step: int, value: float) -> None:
    if not math.isfinite(value):
        raise TrainingError(
            f"the {what} of step {step} is {value}; lower the learning rate and start again: training goes "
            "on from the last state."
        )


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
