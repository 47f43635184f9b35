"""Attention and feed-forward, the two parts every layer is made of."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

KeysValues = tuple[Tensor, Tensor]

NORM_EPSILON = 1e-6
_FEED_FORWARD = 4


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys.

    Its projections are separate, so that low-rank adapters can take each. Keys and values can be kept.

    Args:
        width: Channels D.
        heads: Attention heads h; D = h * dh.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.q_norm = nn.RMSNorm(width // heads, eps=NORM_EPSILON)
        self.k_norm = nn.RMSNorm(width // heads, eps=NORM_EPSILON)

    def keys_values(self, source: Tensor) -> KeysValues:
        """Return keys and values [B, h, T, dh] of a source [B, T, D]."""
        return self.k_norm(self._split(self.k_proj(source))), self._split(self.v_proj(source))

    def forward(self, x: Tensor, keys_values: KeysValues, mask: Tensor | None = None) -> Tensor:
        """Attend from x [B, Q, D] to keys and values of T tokens.

        Args:
            x: Where the queries come from.
            keys_values: What `keys_values` gave.
            mask: bool [B, T], false where nothing may be read; None: everything may.
        """
        q = self.q_norm(self._split(self.q_proj(x)))
        keys, values = keys_values
        bias = None if mask is None else mask[:, None, None, :]
        attended = functional.scaled_dot_product_attention(q, keys, values, attn_mask=bias)
        return self.out_proj(attended.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def feed_forward(width: int) -> nn.Sequential:
    """Return the feed-forward part of a layer: four times as wide inside, GELU."""
    return nn.Sequential(
        nn.Linear(width, _FEED_FORWARD * width), nn.GELU(), nn.Linear(_FEED_FORWARD * width, width)
    )
