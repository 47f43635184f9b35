"""Teaches a small encoder to see before any policy learns: what each patch shows, and where things are.

Where no published backbone can be had, the simulation knows the answers (`dexora_train.data`). The heads that
give them are thrown away; the backbone is frozen afterwards.
"""

from __future__ import annotations

import torch
from dexora_perception.model import VisualEncoder
from dexora_policy.model.resampler import Resampler
from dexora_sim.tasks.base import COLOURS
from torch import Tensor, nn
from torch.nn import functional

from dexora_train.data import patches, truth

VALUES = 4
"""Of each colour: whether there is such a thing, and its place in the world frame [m]."""
_PLACES = [truth.NAMES.index(f"{colour}_present") for colour in COLOURS]
_HEADS, _BRIGHTNESS, _CONTRAST = 4, 0.15, 0.15
# Whether patches show something counts as much as where; most show nothing, which is soon known.
_PATCHES_COUNT = 10.0
# A patch shows a thing from this share on; few do, so each of them weighs more.
_SHOWS, _SHOWS_WEIGHT = 0.015, 4.0


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
        self.patch_answer = nn.Linear(encoder.config.backbone_width, len(COLOURS) * patches.VALUES)
        encoder.backbone.requires_grad_(True)

    def forward(self, images: Tensor, view_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return answers for pictures uint8 (B, V, S, S, 3); missing views are not asked about places.

        Returns:
            Places (B, colours, 4), and what each patch shows (B, V, N, colours, `patches.VALUES`).
        """
        ids = torch.arange(images.shape[1], device=images.device)
        seen = self.encoder.backbone_tokens(images)
        tokens = self.encoder.adapt(seen, ids)
        mask = view_mask[:, :, None].expand(tokens.shape[:3]).flatten(1)
        places = self.answer(self.questions(tokens.flatten(1, 2), mask)[:, : len(COLOURS)])
        return places, self.patch_answer(seen).unflatten(-1, (len(COLOURS), patches.VALUES))


def answers(values: Tensor) -> Tensor:
    """Return what is true (B, colours, 4) of ground truth (B, S)."""
    return torch.stack([values[:, place : place + VALUES] for place in _PLACES], dim=1)


def seeing_loss(given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss, and the mean error of the places of what is there [m]."""
    there = wanted[..., 0]
    presence = functional.binary_cross_entropy_with_logits(given[..., 0], there)
    distance = (given[..., 1:] - wanted[..., 1:]).abs()
    count = there.sum().clamp(min=1.0)
    # A decimetre counts as much as being wholly unsure whether the thing is there.
    given_dm, wanted_dm = truth.DECIMETRES * given[..., 1:], truth.DECIMETRES * wanted[..., 1:]
    each = functional.smooth_l1_loss(given_dm, wanted_dm, reduction="none").mean(-1)
    place = (each * there).sum()
    return presence + place / count, (distance.norm(dim=-1) * there).sum() / count


def patch_loss(given: Tensor, wanted: Tensor) -> Tensor:
    """Return the loss of what patches show.

    Args:
        given: As `Seeing` gives it, of patches only (..., colours, `patches.VALUES`).
        wanted: What they show.
    """
    shows = (wanted[..., 0] >= _SHOWS).to(given.dtype)
    presence = functional.binary_cross_entropy_with_logits(
        given[..., 0], shows, pos_weight=given.new_tensor(_SHOWS_WEIGHT)
    )
    each = functional.smooth_l1_loss(given[..., 1:], wanted[..., 1:], reduction="none").mean(-1)
    return _PATCHES_COUNT * presence + (each * shows).sum() / shows.sum().clamp(min=1.0)


def lights(samples: int, views: int, generator: torch.Generator) -> Tensor:
    """Return random numbers for `augmented`, -1 to 1 (B, V, 2), one for contrast and one for brightness."""
    drawn = [torch.rand((samples, views), generator=generator) * 2 - 1 for _ in range(2)]
    return torch.stack(drawn, dim=-1)


def augmented(images: Tensor, light: Tensor) -> Tensor:
    """Return pictures uint8 (B, V, S, S, 3) a little brighter or darker, flatter or crisper.

    Each picture changes on its own: cameras do not drift together. None is shifted: by a pixel, things would
    be a centimetre from where they are said to be.

    Args:
        images: The pictures.
        light: As `lights` draws it.
    """
    flat = images.flatten(0, 1).float()
    contrast, brightness = light.flatten(0, 1)[:, None, None, None].unbind(-1)
    mean = flat.mean(dim=(1, 2, 3), keepdim=True)
    changed = (flat - mean) * (1 + _CONTRAST * contrast) + mean + 255 * _BRIGHTNESS * brightness
    return changed.clamp(0, 255).to(torch.uint8).unflatten(0, images.shape[:2])
