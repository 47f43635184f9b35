"""Condenses what all cameras see into a few tokens, one question each."""

from __future__ import annotations

from torch import Tensor, nn

from dexora_policy.model.attention import Attention, feed_forward

_LAYERS = 2
_QUERY_STD = 0.5


class Resampler(nn.Module):
    """Learned queries read the tokens of all views (Perceiver resampler, Alayrac et al., arXiv 2204.14198).

    Args:
        width: Channels D.
        heads: Attention heads.
        tokens: Queries K.
    """

    def __init__(self, width: int, heads: int, tokens: int) -> None:
        super().__init__()
        self.queries = nn.Embedding(tokens, width)
        nn.init.normal_(self.queries.weight, std=_QUERY_STD)
        self.source_norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(_Reading(width, heads) for _ in range(_LAYERS))
        # What fusion adds to these tokens must not drown in what two residual layers have piled up.
        self.norm = nn.LayerNorm(width, elementwise_affine=False)

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return [B, K, D] of visual tokens [B, T, D]; those where mask [B, T] is false are not read."""
        source = self.source_norm(seen)
        x = self.queries.weight.expand(seen.shape[0], -1, -1)
        for layer in self.layers:
            x = layer(x, source, mask)
        return self.norm(x)


class _Reading(nn.Module):
    """Cross-attention and feed-forward, both residual and normalised before."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed_forward = feed_forward(width)

    def forward(self, x: Tensor, source: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), self.attention.keys_values(source), mask)
        return x + self.feed_forward(self.feed_forward_norm(x))
