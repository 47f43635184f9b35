"""Images in, tokens out: normalisation, backbone, pooling and adapter behind one module."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from dexora_core.errors import ConfigError
from torch import Tensor, nn
from torch.nn import functional

from dexora_perception.model.adapter import Adapter
from dexora_perception.model.config import CLASS_TOKENS, EncoderConfig
from dexora_perception.model.dinov2 import Dinov2
from dexora_perception.model.small_vit import SmallVit

# Mean and standard deviation of ImageNet's channels, which DINOv2 was trained with (R, G, B; of 255).
PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)


class VisualEncoder(nn.Module):
    """Turns the images of named cameras into tokens for the policy.

    Args:
        config: Its shape.
        weights: Directory or hub id of the backbone's checkpoint; None: random weights. `dinov2` only.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, config: EncoderConfig, weights: str | Path | None = None) -> None:
        super().__init__()
        self.config = config
        self.backbone = _backbone(config, weights)
        self.adapter = Adapter(config.backbone_width, config.width, len(config.views))
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(PIXEL_STD), persistent=False)
        if config.frozen:
            self.backbone.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> VisualEncoder:
        """Switch the adapter's mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        if self.config.frozen:
            self.backbone.eval()
        return self

    def view_ids(self, names: Sequence[str]) -> Tensor:
        """Return the ids [V] of cameras by name.

        Errors:
            ConfigError: a camera that this encoder was not made for.
        """
        return torch.tensor([self.config.view_id(name) for name in names], device=self.pixel_mean.device)

    def forward(self, images: Tensor, view_ids: Tensor) -> Tensor:
        """Return tokens [B, V, N, D] of RGB images uint8 [B, V, S, S, 3] and view ids int64 [V]."""
        return self.adapt(self.backbone_tokens(images), view_ids)

    def backbone_tokens(self, images: Tensor) -> Tensor:
        """Return tokens before the adapter [B, V, N, backbone width]; with a frozen backbone worth caching.

        Args:
            images: RGB images uint8 [B, V, S, S, 3], S = `config.image_size`.
        """
        pixels = (images.flatten(0, 1).float() - self.pixel_mean) / self.pixel_std
        tokens = self.backbone(pixels.permute(0, 3, 1, 2))
        return self._pool(tokens).unflatten(0, images.shape[:2])

    def adapt(self, tokens: Tensor, view_ids: Tensor) -> Tensor:
        """Return tokens [B, V, N, D] of cached backbone tokens [B, V, N, backbone width]."""
        return self.adapter(tokens, view_ids)

    def fold_positions(self) -> None:
        """Resize DINOv2's learned positions to the image once, before an export."""
        if isinstance(self.backbone, Dinov2):
            self.backbone.fold_positions(self.config.image_size)

    def _pool(self, tokens: Tensor) -> Tensor:
        if not self.config.pooled_grid:
            return tokens
        grid = tokens[:, CLASS_TOKENS:].mT.unflatten(-1, (self.config.grid, self.config.grid))
        return functional.avg_pool2d(grid, self.config.grid // self.config.pooled_grid).flatten(2).mT


def _backbone(config: EncoderConfig, weights: str | Path | None) -> nn.Module:
    if config.backbone == "dinov2":
        return Dinov2(config, weights)
    if weights is not None:
        raise ConfigError(f"weights are {str(weights)!r}, but the backbone 'vit' has no published checkpoint")
    return SmallVit(config)
