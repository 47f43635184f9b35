"""What a policy sees in training, made less perfect than the recording: noise, missing cameras."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from dexora_core.errors import ConfigError
from dexora_policy.model import PolicyConfig
from torch import Tensor, nn

from dexora_train.learning.bounds import refuse_outside
from dexora_train.learning.losses import Draws

# Which of a step's chances decides what.
_VIEW_CHANCES = slice(0, 4)
_WORDS_CHANCE, _STATE_CHANCE = 4, 5


@dataclass(frozen=True)
class Imperfection:
    """How much less than everything a policy gets to see while it learns.

    Attributes:
        state_noise: Standard deviation of the noise on the joint state, as a share of each joint's own
            standard deviation over the data.
        view_dropout: Probability that a camera is missing; never all of them.
        words_dropout: Probability that there is no instruction.
        state_dropout: Probability that the joint state is unknown. A policy that counts its targets from the
            state takes none: without one its targets are others.
    """

    state_noise: float = 0.02
    view_dropout: float = 0.05
    words_dropout: float = 0.0
    state_dropout: float = 0.0

    def check(self, policy: PolicyConfig) -> None:
        """Refuse what a policy cannot learn with.

        Args:
            policy: Its shape.

        Raises:
            ConfigError: A number is out of bounds, or the joint state may be unknown and targets are counted
                from it.
        """
        refuse_outside(self, ("state_noise",), 0)
        refuse_outside(self, ("view_dropout", "words_dropout", "state_dropout"), 0, 1)
        if self.state_dropout and policy.action_frame == "relative":
            raise ConfigError(
                f"state_dropout is {self.state_dropout}, but the policy counts its targets from the joint "
                "state; set it to 0"
            )


@dataclass(frozen=True)
class Observed:
    """What a policy is given to see and hear, on a device.

    Attributes:
        tokens: Backbone tokens (B, V, N, W).
        ids: Token ids of the instructions (B, L).
        id_mask: 1 for a word (B, L).
        state: Normalised joint state (B, J).
    """

    tokens: Tensor
    ids: Tensor
    id_mask: Tensor
    state: Tensor


def features(adapter: nn.Module, language: nn.Module, observed: Observed) -> tuple[Tensor, Tensor]:
    """Return visual tokens (B, V, N, D) and features of the words (B, L, E).

    Args:
        adapter: Of the encoder.
        language: Instruction to features.
        observed: What is given.
    """
    views = torch.arange(observed.tokens.shape[1], device=observed.tokens.device)
    return adapter(observed.tokens.float(), views), language(observed.ids, observed.id_mask)


def seen_views(draws: Draws, views: int, how: Imperfection) -> Tensor:
    """Return bool (B, V): which cameras are there; at least one is."""
    chances = draws.chances[:, _VIEW_CHANCES][:, :views]
    seen = chances >= how.view_dropout
    best = torch.nn.functional.one_hot(chances.argmax(dim=1), views).bool()
    return seen | best


def seen_words(draws: Draws, mask: Tensor, how: Imperfection) -> Tensor:
    """Return the language mask (B, L) with some instructions left out."""
    return mask & (draws.chances[:, _WORDS_CHANCE, None] >= how.words_dropout)


def seen_state(draws: Draws, state: Tensor, spread: Tensor, how: Imperfection) -> tuple[Tensor, Tensor]:
    """Return the normalised joint state (B, J) as it is measured, and bool (B, J): what is known of it.

    Args:
        draws: Random numbers of the step.
        state: Normalised joint state (B, J).
        spread: Standard deviation of each normalised joint over the data (J,).
        how: How imperfect it is.
    """
    noisy = state + how.state_noise * spread * draws.state_noise
    known = (draws.chances[:, _STATE_CHANCE, None] >= how.state_dropout).expand_as(state)
    return torch.where(known, noisy, 0.0), known
