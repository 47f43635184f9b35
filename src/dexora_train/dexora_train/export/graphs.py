"""The networks as graphs: modules whose inputs and outputs are those of a bundle's ONNX files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from dexora_perception.model import EncoderConfig, VisualEncoder
from dexora_policy.model import Context, LanguageEncoder, Policy, PolicyConfig
from dexora_policy.solver_plan import CLEAN_TIME, solver_plan
from torch import Tensor, nn

CONTEXT_INPUTS = ("tokens", "view_mask", "language", "language_mask", "state", "state_mask")
VIEWS_AXIS = "V"


@dataclass(frozen=True)
class GraphSpec:
    """One ONNX file to be.

    Attributes:
        name: `encoder`, `language`, `policy`, `context` or `step`.
        module: Takes `example` by position in its order.
        example: Inputs by name; their sizes are those of the graph.
        outputs: Names of the outputs.
        dynamic: Inputs whose first axis may vary, with the name and the largest size of that axis.
    """

    name: str
    module: nn.Module
    example: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    dynamic: Mapping[str, tuple[str, int]]


class EncoderGraph(nn.Module):
    """`encoder.onnx`: images uint8 [V, S, S, 3] and view ids int64 [V] to tokens [V, N, D]."""

    def __init__(self, encoder: VisualEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor, view_ids: Tensor) -> Tensor:
        """Return the tokens of a batch of views.

        The cast comes first: TensorRT takes bytes at its inputs, and computes nothing on them.
        """
        pixels = images.to(self.encoder.pixel_mean.dtype)
        return self.encoder(pixels[None], view_ids)[0]


class FoldedPolicy(Policy):
    """A policy for one schedule: what its few times do is a table, and the layers that compute it are gone.

    A chunk's step has one of two times per call of the network, the solver's or that of committed data, so
    that two rows per layer and call hold everything.

    Args:
        policy: Whose weights to take.
        steps: Calls of the network.
    """

    def __init__(self, policy: Policy, steps: int) -> None:
        super().__init__(policy.config)
        self.load_state_dict(policy.state_dict())
        self.steps = steps
        self._calls = {step.time: call for call, step in enumerate(solver_plan(policy.config.head, steps))}
        clean = CLEAN_TIME[policy.config.head]
        for time, call in self._calls.items():
            with torch.no_grad():
                tables = policy.decoder.modulations(torch.tensor([[time, clean]]))
            for layer, table in enumerate(tables):
                self.register_buffer(f"modulation_{call}_{layer}", table, persistent=False)
        self._layers = len(tables)

    def _step_modulations(self, time: float, committed: Tensor, rate_hz: Tensor | None) -> list[Tensor]:
        assert rate_hz is None, "a folded policy was made for one rate"
        call = self._calls[time]
        pairs = [self.get_buffer(f"modulation_{call}_{layer}") for layer in range(self._layers)]
        return [torch.where(committed, pair[:, 1:], pair[:, :1]) for pair in pairs]


class PolicyGraph(nn.Module):
    """`policy.onnx`: an observation, a committed prefix and noise to a chunk; all denoising steps inside."""

    def __init__(self, policy: Policy, steps: int, embodiment: str | None = None) -> None:
        super().__init__()
        self.policy = FoldedPolicy(policy, steps)
        self.embodiment = embodiment

    def forward(  # noqa: PLR0917 - inputs of the graph, in its order
        self,
        tokens: Tensor,
        view_mask: Tensor,
        language: Tensor,
        language_mask: Tensor,
        state: Tensor,
        state_mask: Tensor,
        prefix: Tensor,
        prefix_mask: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """Return normalised actions [1, H, J]."""
        context = self.policy.context(tokens, view_mask, language, language_mask, state, state_mask)
        return self.policy.sample(
            context, prefix, prefix_mask, noise, self.policy.steps, embodiment=self.embodiment
        )


class ContextGraph(nn.Module):
    """`context.onnx` of a policy with many steps: an observation to cached keys, values and their mask."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy

    def forward(  # noqa: PLR0917 - inputs of the graph, in its order
        self,
        tokens: Tensor,
        view_mask: Tensor,
        language: Tensor,
        language_mask: Tensor,
        state: Tensor,
        state_mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return keys and values [layers, 1, h, T, dh] and the mask bool [1, T]."""
        return self.policy.context(tokens, view_mask, language, language_mask, state, state_mask)[:3]


class StepGraph(nn.Module):
    """`step.onnx` of a policy with many steps: one call of the network; the loop is outside."""

    def __init__(self, policy: Policy, embodiment: str | None = None) -> None:
        super().__init__()
        self.policy = policy
        self.embodiment = embodiment

    def forward(
        self, noisy: Tensor, times: Tensor, keys: Tensor, values: Tensor, context_mask: Tensor
    ) -> Tensor:
        """Return the prediction [1, H, J]."""
        context = Context(keys, values, context_mask)
        return self.policy.denoise(noisy, times, context, embodiment=self.embodiment)


def encoder_spec(encoder: VisualEncoder) -> GraphSpec:
    """Return the encoder's graph; the number of views may vary from 1 to all."""
    config: EncoderConfig = encoder.config
    views, size = len(config.views), config.image_size
    example = {
        "images": torch.zeros(views, size, size, 3, dtype=torch.uint8),
        "view_ids": torch.arange(views),
    }
    dynamic = dict.fromkeys(example, (VIEWS_AXIS, views))
    return GraphSpec("encoder", EncoderGraph(encoder), example, ("tokens",), dynamic)


def language_spec(language: LanguageEncoder, max_tokens: int) -> GraphSpec:
    """Return the graph of the language source, which runs once per instruction."""
    ids = torch.zeros(1, max_tokens, dtype=torch.int64)
    example = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return GraphSpec("language", language, example, ("features",), {})


def policy_specs(
    policy: Policy, token_dim: int, steps: int, embodiment: str | None = None, *, is_one_graph: bool
) -> Iterator[GraphSpec]:
    """Yield `policy`, or `context` and `step`.

    Args:
        policy: The network.
        token_dim: Channels of a visual token.
        steps: Calls of the network inside `policy`.
        embodiment: Which robot's action layers; None: the first.
        is_one_graph: Whether all steps go into one graph.
    """
    example = _context_example(policy.config, token_dim)
    chunk = torch.zeros(1, policy.config.horizon, policy.config.joints)
    if is_one_graph:
        prefix_mask = torch.arange(policy.config.horizon)[None] < 1
        example |= {"prefix": chunk, "prefix_mask": prefix_mask, "noise": torch.randn_like(chunk)}
        yield GraphSpec("policy", PolicyGraph(policy, steps, embodiment), example, ("actions",), {})
        return
    cached = ("keys", "values", "context_mask")
    yield GraphSpec("context", ContextGraph(policy), example, cached, {})
    with torch.no_grad():
        outputs = ContextGraph(policy)(*example.values())
    step_example = {
        "noisy": chunk,
        "times": chunk[..., 0] + 0.5,
        **dict(zip(cached, outputs, strict=True)),
    }
    yield GraphSpec("step", StepGraph(policy, embodiment), step_example, ("prediction",), {})


def _context_example(config: PolicyConfig, token_dim: int) -> dict[str, Tensor]:
    words = config.language.max_tokens
    tensors = (
        torch.randn(1, config.views, config.tokens_per_view, token_dim),
        torch.ones(1, config.views, dtype=torch.bool),
        torch.randn(1, words, config.language.dim),
        torch.arange(words)[None] < max(1, words // 2),
        torch.zeros(1, config.joints),
        torch.ones(1, config.joints, dtype=torch.bool),
    )
    return dict(zip(CONTEXT_INPUTS, tensors, strict=True))
