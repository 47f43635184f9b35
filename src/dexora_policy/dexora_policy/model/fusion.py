"""Fusion: image tokens and the task token read the instruction, then all that is known reads each other."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from dexora_policy.model.attention import Attention, KeysValues
from dexora_policy.model.config import PolicyConfig
from dexora_policy.model.context import ExtraTokens
from dexora_policy.model.extra_conditions import ExtraConditions
from dexora_policy.model.resampler import Resampler
from dexora_policy.model.transformer_layer import TransformerLayer

_Words = tuple[KeysValues, Tensor]


class Fusion(nn.Module):
    """One sequence of tokens about the moment: images, joint state, task, joints and further conditions.

    Task and joint tokens take part in self-attention: a joint token ends up knowing about its joint. The task
    token has read the instruction before, so that it can look for what is named.

    Args:
        config: The policy's shape.
    """

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        width = config.width
        self.joints = config.joints
        self.language_source_norm = nn.LayerNorm(config.language.dim)
        self.language_project = nn.Linear(config.language.dim, width)
        condensed = config.resampled_tokens
        self.resampler = Resampler(width, config.heads, condensed) if condensed else None
        self.vision_norm, self.language_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.cross_attention = Attention(width, config.heads)
        self.state = nn.Sequential(nn.Linear(2 * config.joints, width), nn.GELU(), nn.Linear(width, width))
        self.task_token = nn.Embedding(1, width)
        self.joint_tokens = nn.Embedding(config.joints, width)
        self.conditions = ExtraConditions(config.extra_slots, width)
        self.layer = TransformerLayer(width, config.heads)
        self.norm = nn.LayerNorm(width)
        self.state_head = nn.Linear(width, 1) if config.has_state_head else None

    def forward(
        self,
        vision: tuple[Tensor, Tensor],
        language: tuple[Tensor, Tensor],
        state: tuple[Tensor, Tensor],
        extra: Mapping[str, ExtraTokens] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return fused tokens [B, T, D], joint tokens last, and their mask bool [B, T].

        Args:
            vision: Tokens [B, V, N, D] and bool [B, V], false for a view that is not there.
            language: Features [B, L, DL] and bool [B, L], false for padding; all false: no instruction.
            state: Normalised joint state [B, J] and bool [B, J], false for a joint that is not known.
            extra: Further conditions by the name of their slot.
        """
        words = self._words(*language)
        seen, seen_mask = self._condense(*_flatten_views(*vision))
        parts = [(self._reading(seen, words), seen_mask), *self.conditions(extra or {})]
        parts.append(self._own_tokens(*state, words))
        tokens = torch.cat([tokens for tokens, _ in parts], dim=1)
        mask = torch.cat([mask for _, mask in parts], dim=1)
        return self.norm(self.layer(tokens, mask)), mask

    def predict_state(self, fused: Tensor) -> Tensor | None:
        """Return the joint state [B, J] that the joint tokens predict; None without that head."""
        if self.state_head is None:
            return None
        return self.state_head(fused[:, -self.joints :]).squeeze(-1)

    def task_of(self, fused: Tensor) -> Tensor:
        """Return the task token [B, D] among fused tokens, which stands before the joint tokens."""
        return fused[:, -self.joints - 1]

    def _condense(self, seen: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        if self.resampler is None:
            return seen, mask
        condensed = self.resampler(seen, mask)
        return condensed, torch.ones(condensed.shape[:2], dtype=torch.bool, device=seen.device)

    def _words(self, features: Tensor, mask: Tensor) -> _Words:
        """Return what can be read of an instruction."""
        words = torch.where(mask[..., None], features, 0.0)
        # Without any word the zeroed features stand for "no instruction"; the norm's bias learns its meaning.
        mask = mask | ~mask.any(dim=1, keepdim=True)
        words = self.language_norm(self.language_project(self.language_source_norm(words)))
        return self.cross_attention.keys_values(words), mask

    def _reading(self, tokens: Tensor, words: _Words) -> Tensor:
        """Return tokens [B, T, D] that have read the instruction."""
        keys_values, mask = words
        return tokens + self.cross_attention(self.vision_norm(tokens), keys_values, mask)

    def _own_tokens(self, state: Tensor, state_mask: Tensor, words: _Words) -> tuple[Tensor, Tensor]:
        known = torch.where(state_mask, state, 0.0)
        token = self.state(torch.cat([known, state_mask.to(known.dtype)], dim=-1))[:, None]
        numbers = torch.arange(self.joints, device=state.device)
        task, joints = (
            learned.expand(state.shape[0], -1, -1)
            for learned in (self.task_token(numbers[:1]), self.joint_tokens(numbers))
        )
        tokens = torch.cat([token, self._reading(task, words), joints], dim=1)
        return tokens, torch.ones(tokens.shape[:2], dtype=torch.bool, device=state.device)


def _flatten_views(tokens: Tensor, view_mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return tokens [B, V * N, D] with those of absent views zeroed, and their mask [B, V * N]."""
    shown = torch.where(view_mask[:, :, None, None], tokens, 0.0).flatten(1, 2)
    return shown, view_mask[:, :, None].expand(-1, -1, tokens.shape[2]).flatten(1)
