"""The first layers of a Llama model: embedding and residual stream, without the full model's last norm."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import LlamaModel

from dexora_policy.model.config import LanguageConfig
from dexora_policy.model.language.encoder import LanguageEncoder


class LlamaLayers(LanguageEncoder):
    """A Llama model cut after its first layers, frozen.

    The norm that closes the full model knows nothing of these layers' scale, so it is taken out; fusion puts
    a norm of its own in front of its projection.

    Args:
        model: A model that holds the wanted layers only.
    """

    def __init__(self, model: LlamaModel) -> None:
        super().__init__(model.config.hidden_size, is_frozen=True)
        self.model = model
        self.model.add_module("norm", nn.Identity())
        self.freeze()

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the residual stream [B, L, DL] behind the last layer kept."""
        # Padding on the left must not move the words: positions count words, not places.
        positions = (attention_mask.cumsum(-1) - 1).clamp(min=0)
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=positions, use_cache=False
        ).last_hidden_state


def build(config: LanguageConfig, weights: str | Path | None) -> LlamaLayers:
    """Load embedding and first layers of a checkpoint in bfloat16; the rest is never instantiated."""
    model = LlamaModel.from_pretrained(weights, num_hidden_layers=config.layers, dtype=torch.bfloat16)
    return LlamaLayers(model)
