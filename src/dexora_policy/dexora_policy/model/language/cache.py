"""Features of an instruction, computed once: it does not change while the robot works on it."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from dexora_policy.model.language.encoder import LanguageEncoder

_CAPACITY = 64


class Tokenizer(Protocol):
    """What is needed of a tokenizer: text to ids, without padding."""

    def __call__(self, text: str) -> list[int]:
        """Return the ids of a text."""


class InstructionFeatures(NamedTuple):
    """An instruction as the policy takes it.

    Attributes:
        features: [1, L, DL].
        mask: bool [1, L], false for padding.
        is_truncated: Whether words at the end were cut off.
    """

    features: Tensor
    mask: Tensor
    is_truncated: bool


class InstructionCache:
    """Encodes each instruction once, the oldest forgotten first.

    Args:
        encoder: The source of features; a cache belongs to one encoder in one state.
        tokenizer: Text to ids.
        max_tokens: Tokens L that every instruction is padded or cut to.
        pad_id: Id that fills up.
    """

    def __init__(
        self, encoder: LanguageEncoder, tokenizer: Tokenizer, max_tokens: int, pad_id: int = 0
    ) -> None:
        self._encoder, self._tokenizer = encoder, tokenizer
        self._max_tokens, self._pad_id = max_tokens, pad_id
        self._known: OrderedDict[str, InstructionFeatures] = OrderedDict()

    def encode(self, text: str) -> InstructionFeatures:
        """Return the features of an instruction, on the encoder's device."""
        if text not in self._known:
            self._known[text] = self._compute(text)
        self._known.move_to_end(text)
        if len(self._known) > _CAPACITY:
            self._known.popitem(last=False)
        return self._known[text]

    @torch.no_grad()
    def _compute(self, text: str) -> InstructionFeatures:
        ids = self._tokenizer(text)
        kept = ids[: self._max_tokens]
        padding = self._max_tokens - len(kept)
        device = next(self._encoder.parameters()).device
        input_ids = torch.tensor([kept + [self._pad_id] * padding], device=device)
        mask = torch.tensor([[1] * len(kept) + [0] * padding], device=device)
        return InstructionFeatures(self._encoder(input_ids, mask), mask > 0, len(ids) > len(kept))
