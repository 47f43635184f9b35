"""The encoder of a T5 model."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from transformers import T5EncoderModel

from dexora_policy.model.config import LanguageConfig
from dexora_policy.model.language.encoder import LanguageEncoder


class T5Encoder(LanguageEncoder):
    """A T5 encoder, frozen.

    Args:
        model: The encoder half of a checkpoint.
    """

    def __init__(self, model: T5EncoderModel) -> None:
        super().__init__(model.config.d_model, is_frozen=True)
        self.model = model
        self.freeze()

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the last hidden state [B, L, DL]."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def build(config: LanguageConfig, weights: str | Path | None) -> T5Encoder:
    """Load the first `config.layers` layers of a checkpoint's encoder in bfloat16."""
    return T5Encoder(T5EncoderModel.from_pretrained(weights, num_layers=config.layers, dtype=torch.bfloat16))
