"""What a head is trained on and how its answer moves the chunk on, in tensors."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dexora_policy.solver_plan import LINEAR, MIN_SIGNAL, SAYS_CLEAN, SolverStep, cosine_angle


def corrupt(head: str, actions: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """Return the network's input x for clean actions at given times.

    Args:
        head: What the network predicts.
        actions: Clean normalised actions [B, H, J].
        noise: Standard normal [B, H, J].
        times: Time of each step [B, H]; at the head's `CLEAN_TIME` x equals the actions.
    """
    if head == "mip":
        mixed = times[..., None] * actions + (1 - times[..., None]) * noise
        return torch.where(times[..., None] > 0, mixed, 0.0)
    signal, share = signal_and_noise(head, times[..., None])
    return signal * actions + share * noise


def target(head: str, actions: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """Return what the network has to predict; arguments as in `corrupt`."""
    if head in SAYS_CLEAN:
        return actions
    if head == "flow":
        return noise - actions
    if head == "epsilon":
        return noise
    signal, share = signal_and_noise(head, times[..., None])
    return signal * noise - share * actions


def signal_and_noise(head: str, times: Tensor) -> tuple[Tensor, Tensor]:
    """Return the factors of action and noise in x at times in [0, 1], as `solver_plan` has them."""
    if head in LINEAR:
        return (1 - times, times) if head == "flow" else (times, 1 - times)
    first = cosine_angle(0.0)
    angle = first + times * (math.pi / 2 - first)
    signal = (torch.cos(angle) / math.cos(first)).clamp(MIN_SIGNAL, 1.0)
    return signal, (1 - signal.square()).sqrt()


def advance(step: SolverStep, x: Tensor, prediction: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Return the next x and the clean estimate of this step.

    Args:
        step: Numbers of this step.
        x: What the network was given [B, H, J].
        prediction: What it answered [B, H, J].
        before: Clean estimate of the step before [B, H, J]; not read in the first step.
    """
    clean = step.clean_from_x * x + step.clean_from_prediction * prediction
    if math.isfinite(step.clean_limit):
        clean = clean.clamp(-step.clean_limit, step.clean_limit)
    estimate = clean + step.correction * (clean - before) if step.correction else clean
    return step.next_from_x * x + step.next_from_estimate * estimate, clean
