"""One pre-norm transformer layer over a sequence."""

from __future__ import annotations

from torch import Tensor, nn

from dexora_policy.model.attention import Attention, feed_forward


class TransformerLayer(nn.Module):
    """Self-attention and feed-forward, both residual and normalised before.

    Args:
        width: Channels D.
        heads: Attention heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed_forward = feed_forward(width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return [B, T, D] of x [B, T, D]; tokens where mask [B, T] is false are read by none."""
        normed = self.attention_norm(x)
        x = x + self.attention(normed, self.attention.keys_values(normed), mask)
        return x + self.feed_forward(self.feed_forward_norm(x))
