"""Batches that are looked at in parts: the memory of a part, the gradient of the whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as recompute

from dexora_train.learning.losses import Draws
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.stages import Acting, Sample


class InParts(nn.Module):
    """The loss of a batch that is looked at in parts, each computed again when its gradient is wanted.

    So a batch takes the memory of a part, whatever the number of processes.

    Args:
        acting: What gives the loss of a part.
        parts: Number of parts; the batch is a multiple of it.
    """

    def __init__(self, acting: Acting, parts: int) -> None:
        super().__init__()
        self.acting, self._parts = acting, parts

    def forward(
        self, sample: Sample, draws: Draws, config: StageConfig, weights: Tensor | None = None
    ) -> Tensor:
        """Return the mean loss of all parts; arguments as those of `Acting`."""
        if self._parts == 1:
            return self.acting(sample, draws, config, weights)
        losses = [
            recompute(self.acting, part, numbers, config, weights, use_reentrant=False)
            for part, numbers in self._split(sample, draws)
        ]
        return torch.stack(losses).mean()

    def _split(self, sample: Sample, draws: Draws) -> Iterator[tuple[Sample, Draws]]:
        whole = {f.name: getattr(sample, f.name) for f in dataclasses.fields(sample) if f.name != "spread"}
        for number in range(self._parts):
            mine = {name: values.chunk(self._parts)[number] for name, values in whole.items()}
            yield Sample(**mine, spread=sample.spread), draws.part(number, self._parts)
