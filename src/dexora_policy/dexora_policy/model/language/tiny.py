"""A small transformer over words, trained with the policy."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from dexora_policy.model.config import LanguageConfig
from dexora_policy.model.language.encoder import LanguageEncoder
from dexora_policy.model.transformer_layer import TransformerLayer

_EMBEDDING_STD = 0.02


class TinyLanguage(LanguageEncoder):
    """Word and position embeddings and a few layers.

    Args:
        config: Its shape; longer instructions than `max_tokens` do not fit.
    """

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__(config.dim, is_frozen=False)
        self.words = nn.Embedding(config.vocabulary, config.dim)
        nn.init.normal_(self.words.weight, std=_EMBEDDING_STD)
        self.positions = nn.Parameter(torch.randn(config.max_tokens, config.dim) * _EMBEDDING_STD)
        self.layers = nn.ModuleList(TransformerLayer(config.dim, config.heads) for _ in range(config.layers))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return features [B, L, DL] of token ids [B, L]."""
        x = self.words(input_ids) + self.positions[: input_ids.shape[1]]
        mask = attention_mask > 0
        for layer in self.layers:
            x = layer(x, mask)
        return x


def build(config: LanguageConfig, weights: str | Path | None = None) -> TinyLanguage:
    """Return it with random weights; it has no published ones."""
    return TinyLanguage(config)
