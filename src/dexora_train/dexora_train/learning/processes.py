"""What the processes of one run have in common: each other, equal shares of a batch, and one folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
from accelerate.utils import broadcast_object_list, gather_object
from numpy.typing import NDArray
from torch import Tensor

from dexora_train.learning.errors import TrainingError
from dexora_train.learning.run_folder import claim

# Others wait while the main process unpacks videos and draws scenes; by default they give up after minutes.
_PATIENCE = timedelta(days=1)


def start_processes(mixed_precision: str = "no") -> Accelerator:
    """Return the devices and processes of a run, this one alone or all that a launcher has started.

    Args:
        mixed_precision: As `TrainConfig` has it.
    """
    return Accelerator(
        # Else processes without a GPU would not know of each other.
        cpu=not torch.accelerator.is_available(),
        mixed_precision=mixed_precision,
        kwargs_handlers=[
            InitProcessGroupKwargs(timeout=_PATIENCE),
            # A stage need not use all that learns: without scenes, nobody asks what patches show.
            DistributedDataParallelKwargs(find_unused_parameters=True),
        ],
    )


def own_share(values: NDArray[np.intp], accelerator: Accelerator) -> NDArray[np.intp]:
    """Return this process's share of a batch."""
    return np.array_split(values, accelerator.num_processes)[accelerator.process_index]


def mean_of(value: Tensor, accelerator: Accelerator) -> float:
    """Return the mean of a number over all processes."""
    return float(accelerator.reduce(value.detach(), reduction="mean"))


def check_batch(name: str, batch: int, accelerator: Accelerator, *, is_halved: bool = False) -> None:
    """Refuse a batch of which processes cannot take equal shares.

    Args:
        name: What it is called in the settings.
        batch: Samples of all processes together.
        accelerator: Devices and processes.
        is_halved: Whether half a batch is drawn from elsewhere, and shared out on its own.

    Raises:
        TrainingError: Names the number of which it must be a multiple.
    """
    processes = accelerator.num_processes
    multiple = 2 * processes if is_halved and processes > 1 else processes
    if batch % multiple:
        raise TrainingError(
            f"{name} is {batch}; {processes} processes take equal shares of it"
            f"{' and of its half' if is_halved else ''}: it must be a multiple of {multiple}."
        )


def claim_together(
    folder: Path,
    settings: Mapping[str, Any],
    accelerator: Accelerator,
    unsaid: Mapping[str, Any] | None = None,
) -> None:
    """Claim the folder of a run for all its processes; arguments as those of `claim`.

    Raises:
        TrainingError: As `claim`, or not all processes see the same folder.
    """
    if accelerator.is_main_process:
        claim(folder, settings, unsaid)
    if accelerator.num_processes > 1:
        _check_shared(folder, accelerator)
        claim(folder, settings, unsaid)


def _check_shared(folder: Path, accelerator: Accelerator) -> None:
    """Refuse a folder in which not every process sees what the main process writes."""
    name = broadcast_object_list([f".{uuid4().hex}"])[0]
    mark = folder / name
    if accelerator.is_main_process:
        mark.touch()
    accelerator.wait_for_everyone()
    is_seen = gather_object([mark.is_file()])
    if accelerator.is_main_process:
        mark.unlink()
    if not all(is_seen):
        raise TrainingError(
            f"{folder} is not the same for all processes: {is_seen.count(False)} of {len(is_seen)} do not "
            "see what the first one writes; the run folder must be on storage that all machines share."
        )
