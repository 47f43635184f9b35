"""The one interface of all sources of language features."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class LanguageEncoder(nn.Module, ABC):
    """Turns the tokens of an instruction into features.

    Args:
        dim: Channels DL of a feature.
        is_frozen: Whether it never learns and stays in evaluation mode.
    """

    def __init__(self, dim: int, is_frozen: bool) -> None:
        super().__init__()
        self.dim, self.is_frozen = dim, is_frozen

    @abstractmethod
    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return features [B, L, DL] of token ids int64 [B, L]; mask [B, L], 0 for padding.

        Features of padded places mean nothing: whoever reads them applies the mask.
        """

    def train(self, mode: bool = True) -> LanguageEncoder:
        """Switch the mode; a frozen source stays in evaluation mode."""
        super().train(mode and not self.is_frozen)
        return self

    def freeze(self) -> LanguageEncoder:
        """Never learn from here on; return the encoder itself."""
        self.is_frozen = True
        self.requires_grad_(False)
        return self.eval()
