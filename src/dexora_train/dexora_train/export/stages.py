"""One way to run a policy on observations, whatever computes: torch, or ONNX in any variant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import torch
from dexora_policy.solver_plan import CLEAN_TIME, solver_plan, starts_from_noise
from numpy.typing import NDArray
from tokenizers import Tokenizer

from dexora_train.checkpoint import Checkpoint
from dexora_train.export.graphs import CONTEXT_INPUTS
from dexora_train.export.observations import Observations
from dexora_train.export.session import Feed, open_model

Floats = NDArray[np.float32]
Run = Callable[[Feed], dict[str, NDArray[Any]]]
"""Runs one graph: inputs by name to outputs by name."""
CACHED = ("keys", "values", "context_mask")


def onnx_runner(model: onnx.ModelProto) -> Run:
    """Return a graph as a function."""
    session = open_model(model)
    names = [output.name for output in session.get_outputs()]
    taken = {value.name for value in session.get_inputs()}

    def run(feed: Feed) -> dict[str, NDArray[Any]]:
        given = {name: value for name, value in feed.items() if name in taken}
        return dict(zip(names, session.run(names, given), strict=True))

    return run


def torch_runner(module: torch.nn.Module, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Run:
    """Return a module as a function over arrays."""

    def run(feed: Feed) -> dict[str, NDArray[Any]]:
        with torch.no_grad():
            found = module(*(torch.from_numpy(np.asarray(feed[name])) for name in inputs))
        tensors = (found,) if isinstance(found, torch.Tensor) else found
        return {name: tensor.numpy() for name, tensor in zip(outputs, tensors, strict=True)}

    return run


@dataclass(frozen=True)
class Stages:
    """All graphs of a bundle as functions, and how they are chained.

    Attributes:
        checkpoint: Recipe and tokenizer.
        runs: `encoder`, `language` and either `policy` or `context` and `step`.
    """

    checkpoint: Checkpoint
    runs: Mapping[str, Run]

    def encoder_feed(self, observations: Observations, index: int) -> Feed:
        """Return the encoder's inputs of one observation."""
        images = observations.images[index]
        return {"images": images, "view_ids": np.arange(len(images), dtype=np.int64)}

    def policy_feed(self, observations: Observations, index: int, seed: int = 0) -> Feed:
        """Return the inputs of `policy.onnx` of one observation; tokens and language by these stages."""
        recipe = self.checkpoint.recipe
        statistics, policy = recipe.statistics, recipe.policy
        tokens = self.runs["encoder"](self.encoder_feed(observations, index))["tokens"]
        ids = self._ids(observations.instructions[index])
        features = self.runs["language"](ids)["features"]
        noise = np.random.default_rng(seed + index).standard_normal((1, policy.horizon, policy.joints))
        return {
            "tokens": tokens[None],
            "view_mask": np.ones((1, len(tokens)), bool),
            "language": features,
            "language_mask": ids["attention_mask"] > 0,
            "state": statistics.normalise_state(observations.state_rad[index])[None],
            "state_mask": np.ones((1, policy.joints), bool),
            "prefix": statistics.normalise_action(observations.prefix_rad[index])[None],
            "prefix_mask": np.arange(policy.horizon)[None] < observations.prefix_steps[index],
            "noise": (recipe.noise_scale * noise).astype(np.float32),
        }

    def actions(self, feed: Feed, seen: list[Feed] | None = None) -> Floats:
        """Return normalised actions (H, J).

        Args:
            feed: What `policy_feed` gave.
            seen: Takes the inputs of every call of `step`, where there is that graph.
        """
        if "policy" in self.runs:
            return np.asarray(self.runs["policy"](feed)["actions"][0], np.float32)
        return self._solve(feed, [] if seen is None else seen)[0]

    def _solve(self, feed: Feed, seen: list[Feed]) -> Floats:
        """Run the denoising loop around `context` and `step`, in float32."""
        recipe = self.checkpoint.recipe
        head = recipe.policy.head
        context = self.runs["context"]({name: feed[name] for name in CONTEXT_INPUTS})
        committed = np.asarray(feed["prefix_mask"])[..., None]
        noise: Floats = np.asarray(feed["noise"], np.float32)
        x = before = noise if starts_from_noise(head) else np.zeros_like(noise)
        for step in solver_plan(head, recipe.steps):
            x = np.where(committed, feed["prefix"], x).astype(np.float32)
            times = np.where(feed["prefix_mask"], CLEAN_TIME[head], step.time).astype(np.float32)
            seen.append({"noisy": x, "times": times, **{name: context[name] for name in CACHED}})
            prediction = self.runs["step"](seen[-1])["prediction"]
            clean = step.clean_from_x * x + step.clean_from_prediction * prediction
            clean = np.clip(clean, -step.clean_limit, step.clean_limit)
            estimate = clean + step.correction * (clean - before)
            x = np.asarray(step.next_from_x * x + step.next_from_estimate * estimate, np.float32)
            before = np.asarray(clean, np.float32)
        return np.where(committed, feed["prefix"], x).astype(np.float32)

    def _ids(self, text: str) -> dict[str, NDArray[np.int64]]:
        words = self.checkpoint.recipe.policy.language.max_tokens
        ids = self._tokenizer.encode(text).ids[:words]
        padded = np.zeros((1, words), np.int64)
        padded[0, : len(ids)] = ids
        return {"input_ids": padded, "attention_mask": (np.arange(words)[None] < len(ids)).astype(np.int64)}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_str(self.checkpoint.tokenizer)
        tokenizer.no_padding()
        return tokenizer
