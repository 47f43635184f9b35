"""A sentence encoder of the MiniLM family: one vector for the whole instruction."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor
from torch.nn import functional
from transformers import BertModel

from dexora_policy.model.config import LanguageConfig
from dexora_policy.model.language.encoder import LanguageEncoder


class SentenceEncoder(LanguageEncoder):
    """The mean of the words' hidden states, of unit length, as sentence-transformers computes it; frozen.

    Args:
        model: A BERT-like checkpoint.
    """

    def __init__(self, model: BertModel) -> None:
        super().__init__(model.config.hidden_size, is_frozen=True)
        self.model = model
        self.freeze()

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the sentence's vector at every place [B, L, DL]; read through any mask it is the same."""
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask[..., None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)
        return functional.normalize(mean, dim=-1)[:, None].expand_as(hidden)


def build(config: LanguageConfig, weights: str | Path | None) -> SentenceEncoder:
    """Load a checkpoint in float32: it is small, and sentence vectors are compared."""
    model = BertModel.from_pretrained(weights, num_hidden_layers=config.layers, add_pooling_layer=False)
    return SentenceEncoder(model)
