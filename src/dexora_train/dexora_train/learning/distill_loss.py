"""One round of progressive distillation: a student learns to do in one step what its teacher does in two.

Salimans & Ho, "Progressive Distillation for Fast Sampling of Diffusion Models" (arXiv 2202.00512). From
demonstrations with noise, at times of the student's grid, the teacher takes two steps of its solver, first
order; what the student would have to answer to get to the same place in one is what it is trained on. Both
are given the committed prefix clean, and the steps of it do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from dexora_core.errors import ConfigError
from dexora_policy.model import Policy
from dexora_policy.model.context import Context
from dexora_policy.model.process import corrupt, signal_and_noise
from dexora_policy.solver_plan import solver_plan
from torch import Tensor

from dexora_train.learning.losses import Draws, prefix_mask

HEADS = ("v", "flow", "sample")
"""Heads that can be distilled."""
# Which of a step's chances decides the place on the student's grid; `observation` takes those before.
_PLACE_CHANCE = 7


class Grid:
    """The first-order steps of a solver as numbers that can be picked per sample, S steps.

    Args:
        head: One of `HEADS`.
        steps: Calls of the network.
        like: Tensor whose kind and device the numbers take.

    Raises:
        ConfigError: A head that has no diffusion time.
    """

    def __init__(self, head: str, steps: int, like: Tensor) -> None:
        if head not in HEADS:
            raise ConfigError(f"head is {head!r}; distillation takes {', '.join(HEADS)}")
        plan = solver_plan(head, steps)
        names = ("time", "clean_from_x", "clean_from_prediction", "next_from_x", "next_from_estimate")
        self._values = {name: like.new_tensor([getattr(step, name) for step in plan]) for name in names}
        self._limit = plan[0].clean_limit

    def time(self, place: Tensor) -> Tensor:
        """Return the time (B, 1) of steps numbered by place (B,)."""
        return self._values["time"][place, None]

    def step(self, place: Tensor, x: Tensor, prediction: Tensor) -> Tensor:
        """Return where a step leads.

        Args:
            place: Number of each sample's step (B,).
            x: Where it starts (B, H, J).
            prediction: What the network answers there (B, H, J).
        """
        clean = self._of("clean_from_x", place) * x + self.factor(place) * prediction
        clean = clean.clamp(-self._limit, self._limit)
        return self._of("next_from_x", place) * x + self._of("next_from_estimate", place) * clean

    def answer(self, place: Tensor, x: Tensor, after: Tensor) -> Tensor:
        """Return what the network must answer at x to get to `after`; arguments as in `step`."""
        clean = (after - self._of("next_from_x", place) * x) / self._of("next_from_estimate", place)
        return (clean - self._of("clean_from_x", place) * x) / self.factor(place)

    def factor(self, place: Tensor) -> Tensor:
        """Return how far a clean estimate is off where the network's answer is off by 1 (B, 1, 1)."""
        return self._of("clean_from_prediction", place)

    def _of(self, name: str, place: Tensor) -> Tensor:
        return self._values[name][place, None, None]


@dataclass(frozen=True)
class Lesson:
    """What a student is given and has to answer.

    Attributes:
        given: Noised actions in the frame of the network, committed steps clean (B, H, J).
        time: Time of the steps that are not committed (B, 1).
        answer: What the network has to say (B, H, J).
        weight: Weight of each sample's squared error (B, 1, 1).
        committed: bool (B, H, 1).
    """

    given: Tensor
    time: Tensor
    answer: Tensor
    weight: Tensor
    committed: Tensor


@torch.no_grad()
def lesson(  # noqa: PLR0917 - a formula's inputs
    teacher: Policy, context: Context, actions: Tensor, draws: Draws, steps: int, noise_scale: float
) -> Lesson:
    """Return what a student of `steps` steps learns from a teacher of twice as many.

    Args:
        teacher: The policy.
        context: What it made of the observations.
        actions: Normalised actions of demonstrations (B, H, J).
        draws: The step's random numbers.
        steps: Steps of the student.
        noise_scale: Standard deviation of the noise that teacher and student start from.
    """
    head = teacher.config.head
    coarse, fine = Grid(head, steps, actions), Grid(head, 2 * steps, actions)
    committed = prefix_mask(draws.prefix, actions.shape[1])[..., None]
    clean = teacher.to_frame(actions, context)
    place = (draws.chances[:, _PLACE_CHANCE] * steps).long()
    time = coarse.time(place)
    noisy = corrupt(head, clean, noise_scale * draws.noise, time.expand(actions.shape[:2]))
    x = noisy
    for half in (2 * place, 2 * place + 1):
        modulations = teacher.prefix_modulations(fine.time(half), committed)
        prediction = teacher.denoise_modulated(torch.where(committed, clean, x), modulations, context)
        x = fine.step(half, x, prediction)
    signal, noise = signal_and_noise(head, time[..., None])
    # max(SNR, 1) on the error of the clean estimate, written for the network's own answer.
    weight = ((signal / noise).clamp(min=1.0) * coarse.factor(place)).square()
    given = torch.where(committed, clean, noisy)
    return Lesson(given, time, coarse.answer(place, noisy, x), weight, committed)


def student_loss(
    student: Policy, context: Context, valid: Tensor, learnt: Lesson, *, weights: Tensor | None = None
) -> Tensor:
    """Return the weighted mean squared error over real, uncommitted steps.

    Args:
        student: The policy that learns.
        context: What it made of the same observations.
        valid: bool (B, H), false after an episode's end.
        learnt: Of the teacher.
        weights: How much each joint counts, (J,), 1 in the mean; None: all the same.
    """
    modulations = student.prefix_modulations(learnt.time, learnt.committed)
    answer = student.denoise_modulated(learnt.given, modulations, context)
    counted = (valid[..., None] & ~learnt.committed).to(answer.dtype)
    squared = learnt.weight * (answer - learnt.answer).square()
    squared = squared if weights is None else squared * weights
    return (squared * counted).sum() / (counted.sum() * answer.shape[-1]).clamp(min=1.0)
