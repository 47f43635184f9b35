"""A number as a vector: denoising time or control rate, sinusoids and then two layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

_SINUSOIDS = 256
_LONGEST_PERIOD = 10_000.0


class NumberEmbedding(nn.Module):
    """Embeds a number.

    Args:
        width: Channels D of the embedding.
        scale: What the number is multiplied with, so that its range covers the sinusoids' periods.
    """

    def __init__(self, width: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.layers = nn.Sequential(nn.Linear(_SINUSOIDS, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, numbers: Tensor) -> Tensor:
        """Return [..., D] of numbers [...]."""
        half = _SINUSOIDS // 2
        ladder = torch.arange(half, device=numbers.device, dtype=torch.float32) / half
        angles = numbers[..., None].float() * self.scale * torch.exp(-math.log(_LONGEST_PERIOD) * ladder)
        waves = torch.cat([angles.cos(), angles.sin()], dim=-1)
        return self.layers(waves.to(next(self.parameters()).dtype))
