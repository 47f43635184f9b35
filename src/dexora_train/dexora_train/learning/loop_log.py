"""What is told of a training loop: on the disk for TensorBoard, and line by line to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.utils.tensorboard import SummaryWriter

from dexora_train.learning.errors import TrainingError
from dexora_train.learning.processes import mean_of


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


class LoopLog:
    """What is told of a loop, by its main process.

    Args:
        run: Where.
        start: Steps done before.

    Raises:
        TrainingError: The disk cannot be written, here or later.
    """

    def __init__(self, run: Run, start: int) -> None:
        self.figures: dict[str, float] = {}
        """Figures that the next line has too."""
        self._run, self._total, self._count = run, 0.0, 0
        self._writer = None
        if run.accelerator.is_main_process:
            with self._on_disk():
                self._writer = SummaryWriter(str(run.folder / "log"), purge_step=start)

    def count(self, loss: float) -> None:
        """Take the loss of a step into the mean of the next line."""
        self._total, self._count = self._total + loss, self._count + 1

    def tell(self, step: int, figures: dict[str, float], rate: float) -> None:
        """Write a line, for TensorBoard with its learning rate; figures are those of this process's share."""
        accelerator = self._run.accelerator
        means = {
            name: mean_of(torch.tensor(value, device=accelerator.device), accelerator)
            for name, value in figures.items()
        }
        line = Progress(step, self._total / self._count, means | self.figures)
        self._total, self._count, self.figures = 0.0, 0, {}
        if self._writer is None:
            return
        with self._on_disk():
            for name, value in {"loss": line.loss, **line.figures, "learning_rate": rate}.items():
                self._writer.add_scalar(name, value, line.step)
        self._run.report(line)

    def close(self) -> None:
        """Write what is not on disk yet."""
        if self._writer is not None:
            with self._on_disk():
                self._writer.close()

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f"the log in {self._run.folder} could not be written ({error}); free some space and start "
                "again: training goes on from the last state."
            ) from error
