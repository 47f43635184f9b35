"""DINOv2 by transformers: random weights from a configuration, or the published ones from a checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch
from dexora_core.errors import ConfigError
from torch import Tensor, nn
from torch.nn import functional
from transformers import Dinov2Config, Dinov2Model

from dexora_perception.model.config import CLASS_TOKENS, EncoderConfig


class Dinov2(nn.Module):
    """The backbone behind one interface: normalised images in, tokens with the class token first out.

    Args:
        config: Its shape.
        weights: Directory or hub id of a checkpoint with this shape; None: random weights.

    Errors:
        ConfigError: the checkpoint has another shape.
    """

    def __init__(self, config: EncoderConfig, weights: str | Path | None = None) -> None:
        super().__init__()
        wanted = hugging_face_config(config)
        self.patch_size = config.patch_size
        self.model = Dinov2Model(wanted) if weights is None else _load(weights, wanted)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return tokens [B, 1 + grid², width] of normalised images [B, 3, S, S]."""
        return self.model(pixel_values=pixels).last_hidden_state

    @torch.no_grad()
    def fold_positions(self, image_size: int) -> None:
        """Resize the learned positions once, so that no forward (and no exported graph) does it again.

        Args:
            image_size: Side of the images that will come [px].
        """
        embeddings = self.model.embeddings
        grid = image_size // self.patch_size
        learned = embeddings.position_embeddings
        old_grid = round((learned.shape[1] - CLASS_TOKENS) ** 0.5)
        if grid == old_grid:
            return
        patches = learned[:, CLASS_TOKENS:].unflatten(1, (old_grid, old_grid)).permute(0, 3, 1, 2)
        resized = functional.interpolate(
            patches.float(), size=(grid, grid), mode="bicubic", align_corners=False
        )
        folded = torch.cat([learned[:, :CLASS_TOKENS], resized.to(learned.dtype).flatten(2).mT], dim=1)
        embeddings.position_embeddings = nn.Parameter(folded, requires_grad=learned.requires_grad)


def hugging_face_config(config: EncoderConfig) -> Dinov2Config:
    """Return the configuration of transformers for an encoder's shape."""
    return Dinov2Config(
        hidden_size=config.backbone_width,
        num_hidden_layers=config.backbone_layers,
        num_attention_heads=config.backbone_heads,
        patch_size=config.patch_size,
        image_size=(config.position_grid or config.grid) * config.patch_size,
        use_swiglu_ffn=config.swiglu,
    )


def _load(weights: str | Path, wanted: Dinov2Config) -> Dinov2Model:
    model = Dinov2Model.from_pretrained(weights)
    shape = ("hidden_size", "num_hidden_layers", "num_attention_heads", "patch_size", "use_swiglu_ffn")
    for field in shape:
        found, expected = getattr(model.config, field), getattr(wanted, field)
        if found != expected:
            raise ConfigError(f"{weights} has {field} = {found}; the configuration asks for {expected}")
    return model
