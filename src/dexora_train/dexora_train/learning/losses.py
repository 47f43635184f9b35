"""What a policy is trained on: masked errors of its head, with a committed prefix of random length.

Training with a prefix teaches a policy to continue what is being executed while it thinks ("Training-time
action conditioning for efficient real-time chunking", arXiv 2512.05964). Flow matching is arXiv 2210.02747
with the times of pi0 (arXiv 2410.24164); `mip` are the two regressions of arXiv 2512.01809; `sample` predicts
what is clean and is judged by the velocity that follows from it (arXiv 2511.13720).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from dexora_policy.model import Policy
from dexora_policy.model.context import Context
from dexora_policy.model.process import corrupt, target
from dexora_policy.solver_plan import MIP_TIMES
from torch import Tensor

# Beta(1.5, 1), kept away from pure noise by s, as in pi0; here 1 is noise.
_TIME_SHAPE, _TIME_SCALE = 1.5, 0.999
# An error of `sample` counts by the velocity that it makes, but no more than where `mip` regresses again.
_LEAST_NOISE = 1 - MIP_TIMES[1]


def prefix_mask(lengths: Tensor, horizon: int) -> Tensor:
    """Return bool (B, H), true for the first `lengths` (B,) steps."""
    return torch.arange(horizon, device=lengths.device)[None] < lengths[:, None]


class Draws:
    """The random numbers of one training step, for the whole batch of all processes.

    Args:
        seed: Of the run.
        step: Number of the step.
        shape: Batch, horizon and joints.
        max_prefix: Longest committed prefix; shorter ones are as likely.
    """

    def __init__(self, seed: int, step: int, shape: tuple[int, int, int], max_prefix: int) -> None:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        batch = shape[0]
        uniform = torch.rand(batch, generator=generator)
        self.noise = torch.randn(shape, generator=generator)
        """Standard normal (B, H, J)."""
        self.times = _TIME_SCALE * uniform ** (1 / _TIME_SHAPE)
        """Share of noise in each sample (B,), 1 is nothing else."""
        self.prefix = torch.randint(0, max_prefix + 1, (batch,), generator=generator)
        """Length of each committed prefix (B,)."""
        self.state_noise = torch.randn((batch, shape[2]), generator=generator)
        """Standard normal (B, J)."""
        self.chances = torch.rand((batch, 8), generator=generator)
        """Uniform numbers for everything that happens with a probability (B, 8)."""
        self.copies = torch.randint(0, 1 << 30, (batch,), generator=generator)
        """Which of the cached copies of each picture's tokens (B,), to be taken modulo their number."""

    def part(self, rank: int, processes: int) -> Draws:
        """Return the numbers of one process's share of the batch."""
        return self._each(lambda values: values.chunk(processes)[rank])

    def at(self, places: Tensor) -> Draws:
        """Return the numbers of some samples, whose places in the batch are given."""
        return self._each(lambda values: values[places])

    def to(self, device: torch.device) -> Draws:
        """Return them on a device."""
        return self._each(lambda values: values.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Draws:
        made = object.__new__(Draws)
        for name, values in vars(self).items():
            setattr(made, name, change(values))
        return made


def policy_loss(
    policy: Policy,
    context: Context,
    actions: Tensor,
    valid: Tensor,
    draws: Draws,
    *,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the mean squared error over real, uncommitted steps, for `sample` that of the velocity.

    Args:
        policy: The network.
        context: Of the observations.
        actions: Normalised actions (B, H, J).
        valid: bool (B, H), false after an episode's end.
        draws: The step's random numbers.
        weights: How much each joint counts, (J,), 1 in the mean; None: all the same.
    """
    name = policy.config.head
    committed = prefix_mask(draws.prefix, actions.shape[1])
    actions = policy.to_frame(actions, context)
    counted = (valid & ~committed)[..., None].to(actions.dtype)

    def error(time: Tensor, noisy: Tensor, wanted: Tensor) -> Tensor:
        given = torch.where(committed[..., None], actions, noisy)
        squared = (policy.denoise_committed(given, time, committed, context) - wanted).square()
        if name == "sample":
            squared = squared / (1 - time[..., None]).clamp(min=_LEAST_NOISE).square()
        squared = squared if weights is None else squared * weights
        return (squared * counted).sum() / (counted.sum() * actions.shape[-1]).clamp(min=1.0)

    if name == "mip":
        # The second regression starts from what the first one gives, unscaled, as the sampler does.
        first, second = (actions.new_full((1, 1), time) for time in MIP_TIMES)
        nearly = actions + (1 - second) * draws.noise
        return (
            error(first, torch.zeros_like(actions), actions) / MIP_TIMES[1] ** 2
            + error(second, nearly, actions) / (1 - MIP_TIMES[1]) ** 2
        )
    times = (1 - draws.times if name == "sample" else draws.times)[:, None]
    noisy = corrupt(name, actions, draws.noise, times.expand(actions.shape[:2]))
    return error(times, noisy, target(name, actions, draws.noise, times.expand(actions.shape[:2])))
