"""The denoising loop outside the graph, for policies with more steps than are worth exporting.

The recurrence is that of `solver_plan`, which training and the exported graphs use too. It runs in float32
and keeps the committed prefix: its steps are given clean, with the time of clean data, before every call of
the network, and are put back at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_policy.solver_plan import CLEAN_TIME, solver_plan, starts_from_noise

Float32 = NDArray[np.float32]
Predict = Callable[[Float32, Float32], Float32]
"""The network: noisy steps (1, H, J) and their times (1, H) to its prediction (1, H, J)."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What is committed already.

    Attributes:
        values: (1, H, J) normalised positions; what lies outside the mask is not read.
        mask: (1, H) bool.
    """

    values: Float32
    mask: NDArray[np.bool_]

    def over(self, values: Float32) -> Float32:
        """Return `values` with the committed steps put back."""
        return np.where(self.mask[..., None], self.values, values)


def sample(head: str, steps: int, predict: Predict, noise: Float32, prefix: Prefix) -> Float32:
    """Return normalised actions (1, H, J).

    Args:
        head: What the network predicts: mip, flow, sample, v or epsilon.
        steps: How often it is asked.
        predict: The network.
        noise: (1, H, J) normal, as large as the manifest says; `mip` does not read it.
        prefix: Steps that are committed.

    Raises:
        ConfigError: An unknown head, or a number of steps that it does not have.
    """
    values: Float32 = noise if starts_from_noise(head) else np.zeros_like(noise)
    before = values
    for step in solver_plan(head, steps):
        values = prefix.over(values)
        times = np.where(prefix.mask, CLEAN_TIME[head], step.time).astype(np.float32)
        clean = np.float32(step.clean_from_x) * values
        clean += np.float32(step.clean_from_prediction) * predict(values, times)
        clean = np.clip(clean, -step.clean_limit, step.clean_limit)
        estimate = clean + np.float32(step.correction) * (clean - before)
        values = np.float32(step.next_from_x) * values
        values += np.float32(step.next_from_estimate) * estimate
        before = clean
    return prefix.over(values)
