"""From prepared inputs to normalised actions: one graph that holds every step, or a loop around two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dexora_policy.sampling import Float32, Prefix, sample
from dexora_policy.stage_clock import StageClock

Arrays = Mapping[str, NDArray[Any]]
Graph = Callable[[Arrays], Arrays]
"""Runs one graph: arrays by name to arrays by name."""

CONTEXT_INPUTS = ("tokens", "view_mask", "language", "language_mask", "state", "state_mask")
CONTEXT_OUTPUTS = ("keys", "values", "context_mask")


class Solver(Protocol):
    """Anything that turns the inputs of a policy into actions."""

    def actions(self, inputs: Arrays, clock: StageClock) -> Float32:
        """Return normalised actions (1, H, J).

        Args:
            inputs: `tokens`, `view_mask`, `language`, `language_mask`, `state`, `state_mask`, `prefix`,
                `prefix_mask` and `noise`, as the policy's graphs take them.
            clock: Takes the durations of the stages.
        """


class OneGraph:
    """`policy.onnx`: context and all steps in one.

    Args:
        policy: Runs it.
    """

    def __init__(self, policy: Graph) -> None:
        self._policy = policy

    def actions(self, inputs: Arrays, clock: StageClock) -> Float32:
        """Return normalised actions (1, H, J)."""
        with clock.stage("policy"):
            return np.asarray(self._policy(inputs)["actions"], np.float32)


class StepLoop:
    """`context.onnx` once, then `step.onnx` several times.

    Args:
        context: Runs the former.
        step: Runs the latter.
        head: What the step predicts.
        steps: How often it is asked.
    """

    def __init__(self, context: Graph, step: Graph, head: str, steps: int) -> None:
        self._context, self._step = context, step
        self._head, self._steps = head, steps

    def actions(self, inputs: Arrays, clock: StageClock) -> Float32:
        """Return normalised actions (1, H, J)."""
        with clock.stage("context"):
            context = self._context({name: inputs[name] for name in CONTEXT_INPUTS})
        known = {name: context[name] for name in CONTEXT_OUTPUTS}
        count = iter(range(1, self._steps + 1))

        def predict(noisy: Float32, times: Float32) -> Float32:
            with clock.stage(f"step_{next(count)}"):
                outputs = self._step({"noisy": noisy, "times": times, **known})
            return np.asarray(outputs["prediction"], np.float32)

        prefix = Prefix(inputs["prefix"], inputs["prefix_mask"])
        return sample(self._head, self._steps, predict, inputs["noise"], prefix)
