"""Golden inputs: the policy must give on this machine the actions that it gave when it was exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dexora_core.bundle import Manifest
from dexora_core.errors import EngineError
from dexora_core.refusal import refusal

from dexora_policy.solvers import Solver
from dexora_policy.stage_clock import StageClock

_FLOATS = ("tokens", "language", "state", "prefix", "noise")


def check_golden(path: Path, solver: Solver, manifest: Manifest, bound_rad: float) -> float:
    """Run all golden inputs and return the largest difference of any action [rad].

    Args:
        path: `golden.npz`: the inputs of `policy.onnx` by name, stacked on a new first axis, and `actions`.
        solver: Runs the policy.
        manifest: Of the bundle.
        bound_rad: Largest difference that is allowed [rad].

    Raises:
        EngineError: A difference is larger, or an action is not finite (DX-POL-022).
    """
    worst = np.zeros(len(manifest.joint_names))
    with np.load(path, allow_pickle=False) as stored:
        golden = {name: stored[name] for name in stored.files}
    expected = golden.pop("actions")
    for k, wanted in enumerate(expected):
        inputs = {name: values[k] for name, values in golden.items()}
        inputs |= {name: inputs[name].astype(np.float32) for name in _FLOATS}
        found = solver.actions(inputs, StageClock())
        error = np.abs(found[0] - wanted.reshape(found[0].shape)).max(axis=0)
        worst = np.maximum(worst, np.where(np.isfinite(error), error, np.inf))
    worst_rad = worst * manifest.statistics.action_half_range_rad
    joint = int(np.argmax(worst_rad))
    if worst_rad[joint] > bound_rad:
        values = {"error_rad": round(float(worst_rad[joint]), 4), "bound_rad": bound_rad}
        raise refusal(EngineError, "DX-POL-022", manifest.joint_names[joint], **values)
    return float(worst_rad[joint])
