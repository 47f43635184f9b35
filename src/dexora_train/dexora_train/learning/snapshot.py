"""The state of a training run on disk: complete or absent, the last two kept, no pickle."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from dexora_train.learning.ema import Average
from dexora_train.learning.errors import TrainingError
from dexora_train.whole_folder import whole_folder

_STATE, _META = "state.safetensors", "state.json"
_KEPT = 2


def save_state(
    folder: Path, step: int, module: nn.Module, optimiser: torch.optim.Optimizer, average: Average
) -> None:
    """Write the state after `step` steps; older ones than the last two are removed.

    Raises:
        TrainingError: The disk cannot be written; the states before are untouched.
    """
    tensors = {f"weights.{name}": value for name, value in module.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.values.items()}
    for number, parts in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in parts.items()}
    stored = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    try:
        with whole_folder(folder / f"{step:08d}") as partial:
            save_file(stored, partial / _STATE)
            (partial / _META).write_text(json.dumps({"step": step}))
            _flush(partial / _STATE)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"the state of step {step} could not be written to {folder} ({error}); free some space and start "
            "again: training goes on from the state before."
        ) from error
    for old in states(folder)[:-_KEPT]:
        shutil.rmtree(old)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def states(folder: Path) -> list[Path]:
    """Return the complete states, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.isdigit() and (path / _META).is_file())


def load_state(folder: Path, module: nn.Module, optimiser: torch.optim.Optimizer, average: Average) -> int:
    """Go on from the newest state that can be read.

    Returns:
        Steps done; 0 without a state.

    Raises:
        TrainingError: There are states and none fits the run.
    """
    problems = []
    for state in reversed(states(folder)):
        try:
            tensors = load_file(state / _STATE)
            module.load_state_dict(_under(tensors, "weights."))
            average.load(_under(tensors, "average."))
            _load_optimiser(optimiser, _under(tensors, "optimiser."))
            return int(json.loads((state / _META).read_text())["step"])
        except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:  # noqa: PERF203
            problems.append(f"{state.name}: {error}")
    if problems:
        raise TrainingError(f"no state in {folder} can be read ({'; '.join(problems)}); use another folder.")
    return 0


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _load_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        number, _, part = name.partition(".")
        state.setdefault(int(number), {})[part] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
