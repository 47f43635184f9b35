"""The running average of the weights, which is what is evaluated and shipped."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average of a module's parameters.

    Args:
        module: The module; only parameters that learn are averaged.
        decay: Share kept per step at the end; less in the beginning, so that the start is forgotten.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self.values = {
            name: value.detach().clone() for name, value in module.named_parameters() if value.requires_grad
        }

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take the weights after a training step, numbered from 0, into the average."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, value in module.named_parameters():
            if value.requires_grad:
                self.values[name].lerp_(value.detach(), 1 - decay)

    @torch.no_grad()
    def exchange(self, module: nn.Module) -> None:
        """Swap the averages with the module's weights; a second call swaps them back."""
        for name, value in module.named_parameters():
            if value.requires_grad:
                current = value.detach().clone()
                value.copy_(self.values[name])
                self.values[name] = current

    def load(self, values: dict[str, Tensor]) -> None:
        """Go on from averages that were saved."""
        for name, value in values.items():
            self.values[name].copy_(value)
