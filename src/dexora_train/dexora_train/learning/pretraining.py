"""Teaches a small encoder to see before any policy learns: where the thing of each colour is.

Where no published backbone can be had, the simulation knows the answers (`dexora_train.data.truth`). The head
that gives them is thrown away; the backbone is frozen afterwards.
"""

from __future__ import annotations

import torch
from dexora_perception.model import VisualEncoder
from dexora_policy.model.resampler import Resampler
from dexora_sim.tasks.base import COLOURS
from torch import Tensor, nn
from torch.nn import functional

from dexora_train.data import truth

VALUES = 4
"""Of each colour: whether there is such a thing, and its place in the world frame [m]."""
_PLACES = [truth.NAMES.index(f"{colour}_present") for colour in COLOURS]
# A decimetre counts as much as being wholly unsure whether the thing is there.
_METRE = 10.0
_HEADS, _BRIGHTNESS, _CONTRAST, _SHIFT_PX = 4, 0.15, 0.15, 3


class Seeing(nn.Module):
    """An encoder, a question per colour to the tokens of all its cameras, and the answers.

    Args:
        encoder: The encoder; its backbone learns here even when it is to be frozen later.
        questions: The policy's own resampler, whose first queries then start with these questions; None: one
            that is thrown away.
    """

    def __init__(self, encoder: VisualEncoder, questions: Resampler | None = None) -> None:
        super().__init__()
        width = encoder.config.width
        self.encoder = encoder
        self.questions = questions or Resampler(width, _HEADS, len(COLOURS))
        self.answer = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, VALUES)
        )
        encoder.backbone.requires_grad_(True)

    def forward(self, images: Tensor, view_mask: Tensor) -> Tensor:
        """Return answers (B, colours, 4) for pictures uint8 (B, V, S, S, 3); missing views are not read."""
        ids = torch.arange(images.shape[1], device=images.device)
        tokens = self.encoder(images, ids)
        seen = view_mask[:, :, None].expand(tokens.shape[:3]).flatten(1)
        return self.answer(self.questions(tokens.flatten(1, 2), seen)[:, : len(COLOURS)])


def answers(values: Tensor) -> Tensor:
    """Return what is true (B, colours, 4) of ground truth (B, S)."""
    return torch.stack([values[:, place : place + VALUES] for place in _PLACES], dim=1)


def seeing_loss(given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss, and the mean error of the places of what is there [m]."""
    there = wanted[..., 0]
    presence = functional.binary_cross_entropy_with_logits(given[..., 0], there)
    distance = (given[..., 1:] - wanted[..., 1:]).abs()
    count = there.sum().clamp(min=1.0)
    given_m, wanted_m = _METRE * given[..., 1:], _METRE * wanted[..., 1:]
    each = functional.smooth_l1_loss(given_m, wanted_m, reduction="none").mean(-1)
    place = (each * there).sum()
    return presence + place / count, (distance.norm(dim=-1) * there).sum() / count


def augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures uint8 (B, V, S, S, 3) a little brighter or darker, flatter or crisper, and shifted.

    Each picture changes on its own: cameras do not drift together.
    """
    batch, views, size = images.shape[:3]
    flat = images.flatten(0, 1).float()

    def chance() -> Tensor:
        return torch.rand((len(flat), 1, 1, 1), generator=generator) * 2 - 1

    mean = flat.mean(dim=(1, 2, 3), keepdim=True)
    changed = (flat - mean) * (1 + _CONTRAST * chance()) + mean + 255 * _BRIGHTNESS * chance()
    padded = functional.pad(changed.permute(0, 3, 1, 2), (_SHIFT_PX,) * 4, mode="replicate")
    shifts = torch.randint(0, 2 * _SHIFT_PX + 1, (len(flat), 2), generator=generator)
    rows = shifts[:, :1] + torch.arange(size)
    columns = shifts[:, 1:] + torch.arange(size)
    number = torch.arange(len(flat))[:, None, None]
    cut = padded.permute(0, 2, 3, 1)[number, rows[:, :, None], columns[:, None, :]]
    return cut.clamp(0, 255).to(torch.uint8).unflatten(0, (batch, views))
