"""The release's policy as a peer: an RDT-style transformer of any width and depth, in plain torch.

As dexoravla/Dexora (head 98b1c2e) has it: tokens [time, rate, state, H actions], every block self-attention,
then cross-attention to the language (even blocks) or to the images (odd blocks), then a feed-forward of ratio
1; RMSNorm everywhere, keys and values of the conditions computed anew in every solver step.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_SINUSOIDS = 256


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.kv, self.out = (
            nn.Linear(width, width),
            nn.Linear(width, 2 * width),
            nn.Linear(width, width),
        )
        self.q_norm, self.k_norm = nn.RMSNorm(width // heads), nn.RMSNorm(width // heads)

    def forward(self, x: Tensor, source: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from x [B, Q, D] to a source [B, T, D]; mask bool [B, T]."""
        q = self.q_norm(self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2))
        k, v = self.kv(source).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        bias = None if mask is None else mask[:, None, None]
        attended = functional.scaled_dot_product_attention(q, self.k_norm(k), v, attn_mask=bias)
        return self.out(attended.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Self-attention, cross-attention to one condition, feed-forward of ratio 1."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(3))
        self.own, self.cross = Attention(width, heads), Attention(width, heads)
        self.feed_forward = nn.Sequential(nn.Linear(width, width), nn.GELU("tanh"), nn.Linear(width, width))

    def forward(self, x: Tensor, condition: Tensor, mask: Tensor | None) -> Tensor:
        """Return [B, Q, D]."""
        inner = self.norms[0](x)
        x = x + self.own(inner, inner)
        x = x + self.cross(self.norms[1](x), condition, mask)
        return x + self.feed_forward(self.norms[2](x))


class RdtStyle(nn.Module):
    """Visual tokens, language, state and noise to a chunk, in `steps` uncached solver steps.

    Args:
        width: Channels.
        heads: Attention heads.
        depth: Blocks.
        horizon: Steps H of a chunk.
        joints: Joints J.
        image_dim: Channels of a visual token.
        language_dim: Channels of a language feature.
        image_tokens: Visual tokens of all views.
        language_tokens: Language features.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        depth: int,
        *,
        horizon: int,
        joints: int,
        image_dim: int,
        language_dim: int,
        image_tokens: int,
        language_tokens: int,
    ) -> None:
        super().__init__()
        self.language_adaptor, self.image_adaptor = _mlp(2, language_dim, width), _mlp(2, image_dim, width)
        self.state_adaptor = _mlp(3, 2 * joints, width)
        self.time, self.rate = _mlp(2, _SINUSOIDS, width), _mlp(2, _SINUSOIDS, width)
        self.places = nn.Parameter(torch.randn(1, horizon + 3, width) * 0.02)
        self.language_places = nn.Parameter(torch.randn(1, language_tokens, width) * 0.02)
        self.image_places = nn.Parameter(torch.randn(1, image_tokens, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.RMSNorm(width)
        self.out = nn.Sequential(nn.Linear(width, width), nn.GELU("tanh"), nn.Linear(width, joints))
        self.horizon = horizon

    def conditions(self, tokens: Tensor, language: Tensor) -> tuple[Tensor, Tensor]:
        """Return language and image conditions; once per chunk, as in the release."""
        words = self.language_adaptor(language) + self.language_places
        return words, self.image_adaptor(tokens.flatten(1, 2)) + self.image_places

    def step(self, noisy: Tensor, time: float, state: Tensor, conditions: tuple[Tensor, Tensor]) -> Tensor:
        """Return the prediction [B, H, J] of one solver step."""
        mask = torch.ones_like(noisy)
        trajectory = self.state_adaptor(torch.cat([noisy, mask], -1))
        told = [self.time(_waves(time, noisy)), self.rate(_waves(20.0, noisy)), state, trajectory]
        x = torch.cat(told, 1) + self.places
        for place, block in enumerate(self.blocks):
            x = block(x, conditions[place % 2], None)
        return self.out(self.norm(x))[:, -self.horizon :]

    def forward(
        self, tokens: Tensor, language: Tensor, state: Tensor, noise: Tensor, steps: int = 5
    ) -> Tensor:
        """Return a chunk [B, H, J]; the solver's arithmetic is a multiply and an add per step."""
        conditions = self.conditions(tokens, language)
        known = self.state_adaptor(torch.cat([state, torch.ones_like(state)], -1))[:, None]
        x = noise
        for k in range(steps):
            x = x - self.step(x, 1.0 - k / steps, known, conditions) / steps
        return x


def _mlp(layers: int, inputs: int, width: int) -> nn.Sequential:
    parts: list[nn.Module] = [nn.Linear(inputs, width)]
    for _ in range(layers - 1):
        parts += [nn.GELU("tanh"), nn.Linear(width, width)]
    return nn.Sequential(*parts)


def _waves(number: float, like: Tensor) -> Tensor:
    half = _SINUSOIDS // 2
    angles = number * 1000.0 * torch.exp(-math.log(10_000.0) * torch.arange(half) / half)
    return torch.cat([angles.cos(), angles.sin()]).expand(like.shape[0], 1, -1)
