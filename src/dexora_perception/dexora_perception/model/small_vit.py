"""A small vision transformer that is trained with the policy: for tests, for CI and for a CPU."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from dexora_core.errors import ConfigError
from torch import Tensor, nn
from torch.nn import functional

from dexora_perception.model.config import CLASS_TOKENS, EncoderConfig

_FEED_FORWARD = 4
_NORM_EPSILON = 1e-6
_POSITION_STD = 0.02
_STEM_GROUPS = 4
_WAVE = 0.5


class _SelfAttention(nn.Module):
    """Attention of a sequence to itself, with normalised queries and keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.q_norm = nn.RMSNorm(width // heads, eps=_NORM_EPSILON)
        self.k_norm = nn.RMSNorm(width // heads, eps=_NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        attended = functional.scaled_dot_product_attention(self.q_norm(q), self.k_norm(k), v)
        return self.out_proj(attended.transpose(1, 2).flatten(2))


class _Layer(nn.Module):
    """Pre-norm attention and feed-forward, both residual."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = _SelfAttention(width, heads)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, _FEED_FORWARD * width), nn.GELU(), nn.Linear(_FEED_FORWARD * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed_forward(self.feed_forward_norm(x))


def _stem(config: EncoderConfig) -> nn.Module:
    """Return what turns an image into patches.

    Convolutions that halve the image learn where things are sooner than one wide one (Xiao et al., "Early
    Convolutions Help Transformers See Better", 2021).

    Errors:
        ConfigError: a patch that is no power of two, which halving cannot reach.
    """
    width, size = config.backbone_width, config.patch_size
    if config.stem == "patch":
        return nn.Conv2d(3, width, size, stride=size)
    halvings = size.bit_length() - 1
    if size != 1 << halvings or halvings < 1:
        raise ConfigError(f"patch_size is {size}; stem 'conv' takes a power of two from 2 on")
    widths = [3, *(max(_STEM_GROUPS, width >> (halvings - 1 - k)) for k in range(halvings))]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [
            nn.Conv2d(before, after, 3, stride=2, padding=1),
            nn.GroupNorm(_STEM_GROUPS, after),
            nn.GELU(),
        ]
    return nn.Sequential(*layers, nn.Conv2d(width, width, 1))


def _first_positions(config: EncoderConfig) -> Tensor:
    """Return what the learned positions start with, (1, 1 + grid², width).

    A convolutional stem says what is in a patch from the start; waves in both directions (Vaswani et al.,
    2017) say where, instead of noise that has to grow first.
    """
    shape = (1, config.grid**2 + CLASS_TOKENS, config.backbone_width)
    if config.stem == "patch":
        return torch.randn(shape) * _POSITION_STD
    channels = config.backbone_width // 4
    places = torch.arange(config.grid) / config.grid * math.pi
    angles = places[:, None] * torch.linspace(0.5, config.grid / 2, channels)
    waves = torch.cat([angles.sin(), angles.cos()], dim=-1)
    rows = waves[:, None].expand(-1, config.grid, -1)
    columns = waves[None].expand(config.grid, -1, -1)
    positions = torch.zeros(shape)
    positions[0, CLASS_TOKENS:, : 4 * channels] = torch.cat([rows, columns], dim=-1).flatten(0, 1)
    return positions * _WAVE


class SmallVit(nn.Module):
    """Patches, a class token, learned positions, layers, a norm.

    Args:
        config: Its shape; `position_grid` does not apply.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.backbone_width
        self.patches = _stem(config)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(_first_positions(config))
        self.layers = nn.ModuleList(
            _Layer(width, config.backbone_heads) for _ in range(config.backbone_layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return tokens [B, 1 + grid², width] of normalised images [B, 3, S, S]; the class token is first."""
        patches = self.patches(pixels.to(self.positions.dtype)).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(patches.shape[0], -1, -1), patches], dim=1) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)
