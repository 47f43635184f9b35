"""The decoder: a diffusion transformer over the steps of a chunk, modulated by each step's own time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from dexora_policy.model.attention import NORM_EPSILON, Attention, KeysValues, feed_forward
from dexora_policy.model.config import PolicyConfig
from dexora_policy.model.context import Context
from dexora_policy.model.time_embedding import NumberEmbedding

_TIME_SCALE = 1000.0  # a time in [0, 1] takes the range of the usual thousand diffusion steps
_RATE_SCALE = 1.0
_POSITION_STD = 0.02
_LAYER_CHUNKS = 9
_OUTPUT_CHUNKS = 2


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and feed-forward; shift, scale and gate of each depend on time alone.

    Args:
        width: Channels D.
        heads: Attention heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_attention, self.cross_attention = Attention(width, heads), Attention(width, heads)
        self.feed_forward = feed_forward(width)
        self.norm = nn.LayerNorm(width, eps=NORM_EPSILON, elementwise_affine=False)
        self.modulation = _zero_linear(width, _LAYER_CHUNKS * width)

    def forward(
        self, x: Tensor, modulation: Tensor, keys_values: tuple[Tensor, Tensor], mask: Tensor
    ) -> Tensor:
        """Return [B, H, D] of x [B, H, D].

        Args:
            x: Tokens of the chunk.
            modulation: What `modulation` gave for each step's time [B or 1, H or 1, 9 D].
            keys_values: Cached keys and values of the context [B, h, T, dh].
            mask: bool [B, T] of the context.
        """
        m = modulation.chunk(_LAYER_CHUNKS, -1)
        inner = self.norm(x) * (1 + m[1]) + m[0]
        x = x + m[2] * self.self_attention(inner, self.self_attention.keys_values(inner))
        inner = self.norm(x) * (1 + m[4]) + m[3]
        x = x + m[5] * self.cross_attention(inner, keys_values, mask)
        return x + m[8] * self.feed_forward(self.norm(x) * (1 + m[7]) + m[6])


class Decoder(nn.Module):
    """Noised actions and their times in, the head's prediction out.

    Args:
        config: The policy's shape.
    """

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        width, joints = config.width, config.joints
        self.time = NumberEmbedding(width, _TIME_SCALE)
        self.rate = NumberEmbedding(width, _RATE_SCALE) if config.has_control_rate else None
        self.inputs = nn.ModuleList(nn.Linear(2 * joints, width) for _ in config.embodiments)
        self.positions = nn.Parameter(torch.randn(config.horizon, width) * _POSITION_STD)
        self.layers = nn.ModuleList(DecoderLayer(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width, eps=NORM_EPSILON, elementwise_affine=False)
        self.modulation = _zero_linear(width, _OUTPUT_CHUNKS * width)
        self.outputs = nn.ModuleList(_zero_linear(width, joints) for _ in config.embodiments)

    def keys_values(self, fused: Tensor) -> KeysValues:
        """Return keys and values [layers, B, h, T, dh] of fused tokens [B, T, D]."""
        pairs = [cast(DecoderLayer, layer).cross_attention.keys_values(fused) for layer in self.layers]
        return torch.stack([keys for keys, _ in pairs]), torch.stack([values for _, values in pairs])

    def modulations(self, times: Tensor, rate_hz: Tensor | None = None) -> list[Tensor]:
        """Return shift, scale and gate for all layers and the output, [..., 9 D] and [..., 2 D] last.

        They depend on nothing else, so a fixed schedule makes them constants.

        Args:
            times: Denoising times [B or 1, H or 1].
            rate_hz: Rate of the chunk's steps [B, 1] [Hz]; None: not told.
        """
        embedding = self.time(times)
        if self.rate is not None and rate_hz is not None:
            embedding = embedding + self.rate(rate_hz)
        embedding = functional.silu(embedding)
        linears = [cast(DecoderLayer, layer).modulation for layer in self.layers]
        return [linear(embedding) for linear in (*linears, self.modulation)]

    def forward(
        self,
        actions: Tensor,
        modulations: Sequence[Tensor],
        context: Context,
        embodiment: int | Tensor = 0,
    ) -> Tensor:
        """Return the prediction [B, H, J].

        Args:
            actions: Noised actions and the mask of joints [B, H, 2 J].
            modulations: What `modulations` gave.
            context: Keys, values and mask of the observation.
            embodiment: Which robot's action layers: an index, or one per sample int64 [B].
        """
        x = _per_embodiment(self.inputs, actions, embodiment) + self.positions
        *layer_modulations, last = modulations
        for i, layer in enumerate(self.layers):
            keys_values = (context.keys[i], context.values[i])
            x = layer(x, layer_modulations[i], keys_values, context.mask)
        shift, scale = last.chunk(_OUTPUT_CHUNKS, -1)
        return _per_embodiment(self.outputs, self.norm(x) * (1 + scale) + shift, embodiment)


def _per_embodiment(layers: nn.ModuleList, x: Tensor, embodiment: int | Tensor) -> Tensor:
    if isinstance(embodiment, int):
        return layers[embodiment](x)
    every = torch.stack([layer(x) for layer in layers])
    return every[embodiment, torch.arange(x.shape[0], device=x.device)]


def _zero_linear(inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear
