"""From the backbone's channels to the policy's, with a mark for the camera a token comes from."""

from __future__ import annotations

from torch import Tensor, nn


class Adapter(nn.Module):
    """Linear, norm, GELU, linear, plus an embedding per view.

    Args:
        backbone_width: Channels of the tokens that come.
        width: Channels D of the tokens that leave.
        views: Number of named cameras.
    """

    def __init__(self, backbone_width: int, width: int, views: int) -> None:
        super().__init__()
        self.project = nn.Sequential(
            nn.Linear(backbone_width, width), nn.LayerNorm(width), nn.GELU(), nn.Linear(width, width)
        )
        self.view_embedding = nn.Embedding(views, width)

    def forward(self, tokens: Tensor, view_ids: Tensor) -> Tensor:
        """Return tokens [B, V, N, D] of backbone tokens [B, V, N, backbone width] and view ids [V]."""
        tokens = tokens.to(self.view_embedding.weight.dtype)
        return self.project(tokens) + self.view_embedding(view_ids)[:, None, :]
