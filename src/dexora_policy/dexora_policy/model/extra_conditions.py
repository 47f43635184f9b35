"""Further conditions: each slot is projected and marked with an embedding of slot and place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from dexora_core.errors import ConfigError
from torch import Tensor, nn
from torch.nn import functional

from dexora_policy.model.config import ExtraSlot
from dexora_policy.model.context import ExtraTokens


class ExtraConditions(nn.Module):
    """Turns whatever further conditions are given into tokens; absent ones give none.

    Args:
        slots: What may be given.
        width: Channels D of the tokens that leave.
    """

    def __init__(self, slots: Sequence[ExtraSlot], width: int) -> None:
        super().__init__()
        self.slots = tuple(slots)
        self.projections = nn.ModuleDict({slot.name: nn.Linear(slot.dim, width) for slot in slots})
        self.types = nn.ModuleDict({slot.name: nn.Embedding(slot.tokens, width) for slot in slots})

    def forward(self, given: Mapping[str, ExtraTokens]) -> list[tuple[Tensor, Tensor]]:
        """Return for each condition its tokens [B, tokens, D] and their mask bool [B, tokens].

        Errors:
            ConfigError: a condition without a slot, or of another shape than its slot.
        """
        unknown = sorted(set(given) - {slot.name for slot in self.slots})
        if unknown:
            known = ", ".join(slot.name for slot in self.slots) or "none"
            raise ConfigError(f"no slot for the condition {', '.join(unknown)}; the policy has {known}")
        return [self._tokens(slot, given[slot.name]) for slot in self.slots if slot.name in given]

    def _tokens(self, slot: ExtraSlot, extra: ExtraTokens) -> tuple[Tensor, Tensor]:
        if extra.features.shape[1:] != (slot.tokens, slot.dim):
            shape = tuple(extra.features.shape[1:])
            raise ConfigError(f"condition {slot.name} is {shape} per sample, not ({slot.tokens}, {slot.dim})")
        features = torch.where(extra.valid[:, None, None], extra.features, 0.0)
        features = features.to(next(self.parameters()).dtype)
        places = torch.arange(slot.tokens, device=features.device)
        tokens = self.projections[slot.name](features) + self.types[slot.name](places)
        return tokens, extra.valid[:, None].expand(-1, slot.tokens)


def image_patches(image: Tensor, patch_size: int) -> Tensor:
    """Return an image [B, S, S], such as a mask, as features of a slot: [B, (S / patch)², patch²]."""
    return functional.unfold(image[:, None], patch_size, stride=patch_size).mT
