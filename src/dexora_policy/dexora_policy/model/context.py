"""What the decoder reads at every denoising step, computed once per observation."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class ExtraTokens(NamedTuple):
    """One further condition of a batch.

    Attributes:
        features: [B, tokens, dim] of its slot.
        valid: bool [B], false where this sample has none.
    """

    features: Tensor
    valid: Tensor


class Context(NamedTuple):
    """Cached keys and values of an observation.

    Attributes:
        keys: [layers, B, h, T, dh].
        values: [layers, B, h, T, dh].
        mask: bool [B, T], false where a token says nothing.
        state: Normalised joint state [B, J] that the joint tokens predict; None without that head.
        anchor: What relative actions are counted from, normalised [B, J]; None where actions are absolute.
    """

    keys: Tensor
    values: Tensor
    mask: Tensor
    state: Tensor | None = None
    anchor: Tensor | None = None
