"""The stage in which a policy learns to act, on the cached tokens of what an encoder has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from dexora_core.bundle import Statistics
from dexora_perception.model import VisualEncoder
from dexora_policy.model import Context, LanguageEncoder, Policy, PolicyConfig
from numpy.typing import NDArray
from torch import Tensor, nn

from dexora_train.learning.frames import Frames
from dexora_train.learning.loop import train_loop
from dexora_train.learning.loop_log import Run
from dexora_train.learning.losses import Draws, policy_loss
from dexora_train.learning.observation import (
    Imperfection,
    Observed,
    features,
    seen_state,
    seen_views,
    seen_words,
)
from dexora_train.learning.processes import own_share
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.windows import Windows, draw
from dexora_train.learning.words import Asked, Questions, words_loss
from dexora_train.word_tokenizer import encoded

# Windows that tell how much a joint's targets vary, and what is added to that: none counts without bound.
_LOOKED_AT, _LEAST_SQUARE, _LEAST_SPREAD = 2000, 0.05, 0.02
# Batches that tell a held-out loss: of a hundred steps between two states, they take one or two more.
_HELD_OUT_BATCHES = 4


class Acting(nn.Module):
    """What learns to act: adapter of the encoder, language and policy.

    Args:
        encoder: Its backbone is not used: tokens come from a cache.
        language: Instruction to features.
        policy: The policy.
        where: Head of `Listening`: it is also asked about still scenes while it learns, so that it keeps
            listening. None: it is not.
    """

    def __init__(
        self,
        encoder: VisualEncoder,
        language: LanguageEncoder,
        policy: Policy,
        *,
        where: nn.Linear | None = None,
    ) -> None:
        super().__init__()
        self.adapter, self.language, self.policy = encoder.adapter, language, policy
        self.where = where

    def observe(self, sample: Sample, draws: Draws, how: Imperfection) -> Context:
        """Return what the policy makes of the observations of some samples.

        Args:
            sample: The samples.
            draws: The step's random numbers, which decide what is not seen.
            how: How much is not.
        """
        tokens, words = features(self.adapter, self.language, sample)
        heard = seen_words(draws, sample.id_mask > 0, how)
        state, known = seen_state(draws, sample.state, sample.spread, how)
        return self.policy.context(
            tokens, seen_views(draws, tokens.shape[1], how), words, heard, state, known
        )

    def forward(
        self,
        sample: Sample,
        draws: Draws,
        config: StageConfig,
        weights: Tensor | None = None,
        asked: Asked | None = None,
    ) -> Tensor:
        """Return the loss of some samples.

        Args:
            sample: The samples.
            draws: The step's random numbers.
            config: How much each part of the loss counts.
            weights: How much each joint counts, as `Samples.weights` has it; None: all the same.
            asked: Questions about still scenes, whose loss is added.
        """
        context = self.observe(sample, draws, config.imperfection)
        loss = policy_loss(self.policy, context, sample.actions, sample.valid, draws, weights=weights)
        if self.where is not None and asked is not None:
            loss = loss + config.words_weight * words_loss(
                self.adapter, self.language, self.policy.fusion, self.where, asked
            )
        if context.state is not None:
            loss = loss + config.state_weight * (context.state - sample.state).square().mean()
        return loss


@dataclass(frozen=True)
class Sample(Observed):
    """A batch of demonstrations on a device.

    Attributes:
        spread: Standard deviation of each normalised joint (J,).
        actions: Normalised actions (B, H, J).
        valid: bool (B, H).
    """

    spread: Tensor
    actions: Tensor
    valid: Tensor


class Samples:
    """Draws batches from the arrays of a dataset.

    Args:
        frames: The dataset.
        tokens: Cached backbone tokens (copies, F, V, N, W).
        statistics: Normalisation.
        tokenizer: Content of `tokenizer.json`.
        horizon: Steps of a chunk.
        held_out: Whether to draw from the episodes for validation.
    """

    def __init__(
        self,
        frames: Frames,
        tokens: NDArray[np.float16],
        statistics: Statistics,
        tokenizer: str,
        *,
        horizon: int,
        held_out: bool = False,
    ) -> None:
        spans = frames.of(held_out=held_out) or frames.spans
        self.windows = Windows(spans, horizon)
        self._horizon = horizon
        self._tokens = tokens
        self._state = statistics.normalise_state(frames.state)
        self._action = statistics.normalise_action(frames.action)
        self._spread = torch.from_numpy(self._state.std(axis=0))
        self._ids, self._id_mask = encoded(tokenizer, (span.task for span in spans))

    def take(self, windows: NDArray[np.intp], copies: NDArray[np.intp], device: torch.device) -> Sample:
        """Return some windows.

        Args:
            windows: Numbers (B,).
            copies: Which copy of each picture's tokens (B,).
            device: Where to.
        """
        frames = self.windows.frames[windows]
        steps, valid = self.windows.steps(windows)
        episodes = self.windows.episodes[windows]
        return Sample(
            torch.from_numpy(self._tokens[copies % len(self._tokens), frames]).to(device),
            self._ids[episodes].to(device),
            self._id_mask[episodes].to(device),
            torch.from_numpy(self._state[frames]).to(device),
            self._spread.to(device),
            torch.from_numpy(self._action[steps]).to(device),
            torch.from_numpy(valid).to(device),
        )

    def weights(self, config: PolicyConfig, device: torch.device) -> Tensor | None:
        """Return how much each joint counts (J,), 1 in the mean: the less its targets vary, the more.

        Relative arms move by tenths where fingers open and close, and need to be right to hundredths. None
        where the network's actions are divided by their spread already.

        Args:
            config: Shape of the policy.
            device: Where they are used.
        """
        if config.action_spread:
            return None
        weights = 1.0 / (self._squares(config) + _LEAST_SQUARE)
        return torch.from_numpy((weights / weights.mean()).astype(np.float32)).to(device)

    def spread(self, config: PolicyConfig) -> tuple[float, ...]:
        """Return `action_spread` for a policy of this shape."""
        return tuple(float(one) for one in np.sqrt(self._squares(config) + _LEAST_SPREAD**2))

    def _squares(self, config: PolicyConfig) -> NDArray[np.float32]:
        """Return the mean square of each joint's targets in the frame of the network (J,)."""
        some = np.linspace(0, len(self.windows) - 1, min(_LOOKED_AT, len(self.windows))).astype(int)
        steps, valid = self.windows.steps(some)
        anchors = np.where(config.relative_joints, self._state[self.windows.frames[some]], 0.0)
        squares = np.square(self._action[steps] - anchors[:, None])[valid].mean(axis=0)
        return np.asarray(squares, np.float32)

    def drawn(self, step: int, config: StageConfig, accelerator: Accelerator) -> tuple[Sample, Draws]:
        """Return this process's share of a training step: its samples and its random numbers.

        Args:
            step: Number of the training step.
            config: How batches are drawn.
            accelerator: Devices and processes.
        """
        shape = (config.batch, self._horizon, self._action.shape[1])
        draws = Draws(config.seed, step, shape, config.max_prefix_steps)
        draws = draws.part(accelerator.process_index, accelerator.num_processes)
        windows = own_share(draw(config.seed, step, len(self.windows), config.batch), accelerator)
        sample = self.take(windows, draws.copies.numpy(), accelerator.device)
        return sample, draws.to(accelerator.device)


def split(
    frames: Frames, tokens: NDArray[np.float16], statistics: Statistics, tokenizer: str, *, horizon: int
) -> tuple[Samples, Samples | None]:
    """Return the demonstrations to learn from, and those held out if any are; arguments as of `Samples`."""
    learnt, held_out = (
        Samples(frames, tokens, statistics, tokenizer, horizon=horizon, held_out=is_held_out)
        for is_held_out in (False, True)
    )
    return learnt, held_out if frames.of(held_out=True) else None


def loss_of(
    module: nn.Module,
    samples: Samples | None,
    config: StageConfig,
    weights: Tensor | None,
    accelerator: Accelerator,
) -> Callable[[], Tensor] | None:
    """Return what tells the loss of held-out samples, of the same ones at every call; None without samples.

    Args:
        module: `Acting`, or what is called like it.
        samples: Those held out.
        config: As they are learnt from.
        weights: How much each joint counts.
        accelerator: Devices and processes; each has its share.
    """
    if samples is None:
        return None

    def loss() -> Tensor:
        drawn = (samples.drawn(number, config, accelerator) for number in range(_HELD_OUT_BATCHES))
        return torch.stack([module(sample, draws, config, weights) for sample, draws in drawn]).mean()

    return loss


def learn_to_act(  # noqa: PLR0917 - what is learnt, from what, how
    acting: Acting,
    samples: Samples,
    config: StageConfig,
    run: Run,
    questions: Questions | None = None,
    held_out: Samples | None = None,
) -> None:
    """Train adapter, language and policy on cached tokens; the averaged weights stay in them.

    Args:
        acting: What learns.
        samples: Demonstrations.
        config: How batches are drawn.
        run: Where.
        questions: About still scenes, asked beside; None: none are.
        held_out: Demonstrations of which the loss is told and nothing is learnt; None: there are none.
    """
    weights = samples.weights(acting.policy.config, run.accelerator.device)
    prepared = run.accelerator.prepare(acting)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        sample, draws = samples.drawn(step, config, run.accelerator)
        asked = None
        if questions is not None:
            count = max(1, config.batch // 2)
            asked = questions.drawn(step, count, config.seed, run.accelerator)
        return prepared(sample, draws, config, weights, asked), {}

    unseen = loss_of(acting, held_out, config, weights, run.accelerator)
    train_loop(prepared, step_loss, config.loop, run, unseen)
    acting.eval()
