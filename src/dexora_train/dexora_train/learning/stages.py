"""The stages of a training run: see, remember what was seen, learn to act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate import Accelerator
from dexora_core.bundle import Statistics
from dexora_perception.model import VisualEncoder
from dexora_policy.model import LanguageEncoder, Policy
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from dexora_train.learning.frames import Frames
from dexora_train.learning.loop import LoopConfig, Run, train_loop
from dexora_train.learning.losses import Draws, policy_loss
from dexora_train.learning.observation import Imperfection, seen_state, seen_views, seen_words
from dexora_train.learning.pretraining import Seeing, answers, augmented, seeing_loss
from dexora_train.learning.windows import Windows, draw


@dataclass(frozen=True)
class StageConfig:
    """How a stage draws its batches.

    Attributes:
        batch: Samples per step, of all processes together.
        loop: The loop.
        seed: Of everything random.
        max_prefix_steps: Longest committed prefix.
        imperfection: What the policy does not get to see.
        state_weight: Weight of the auxiliary prediction of the joint state, where the policy has that head.
    """

    batch: int
    loop: LoopConfig
    seed: int = 0
    max_prefix_steps: int = 8
    imperfection: Imperfection = field(default_factory=Imperfection)
    state_weight: float = 0.1


def pretrain(encoder: VisualEncoder, frames: Frames, config: StageConfig, run: Run) -> float:
    """Teach an encoder where things are, then freeze its backbone.

    Returns:
        Mean error of the places of things in held-out episodes [m].
    """
    accelerator = run.accelerator
    seeing = Seeing(encoder)
    prepared = accelerator.prepare(seeing)
    spans = frames.of(held_out=False) or frames.spans
    numbers = np.concatenate([np.arange(s.first, s.first + s.length) for s in spans])
    views = [frames.views.index(view) for view in encoder.config.views]

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        chosen = _mine(numbers[draw(config.seed, step, len(numbers), config.batch)], accelerator)
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step + accelerator.process_index)
        pictures = augmented(torch.from_numpy(frames.images[chosen][:, views]), generator)
        wanted = answers(torch.from_numpy(np.asarray(frames.truth[chosen])))
        mask = seen_views(Draws(config.seed, step, (len(chosen), 1, 1), 0), len(views), config.imperfection)
        given = prepared(pictures.to(accelerator.device), mask.to(accelerator.device))
        loss, error_m = seeing_loss(given, wanted.to(accelerator.device))
        return loss, {"place_error_m": float(error_m.detach())}

    train_loop(prepared, step_loss, config.loop, run)
    encoder.backbone.requires_grad_(False)
    encoder.eval()
    return place_error_m(seeing, frames, views)


@torch.no_grad()
def place_error_m(seeing: Seeing, frames: Frames, views: Sequence[int], most: int = 512) -> float:
    """Return the mean error of the places of things [m] in frames of held-out episodes."""
    spans = frames.of(held_out=True) or frames.spans
    numbers = np.concatenate([np.arange(s.first, s.first + s.length) for s in spans])
    chosen = numbers[np.linspace(0, len(numbers) - 1, min(most, len(numbers))).astype(int)]
    errors = []
    device = next(seeing.parameters()).device
    for part in np.array_split(chosen, max(1, len(chosen) // 64)):
        pictures = torch.from_numpy(frames.images[part][:, views]).to(device)
        mask = torch.ones(pictures.shape[:2], dtype=torch.bool, device=device)
        wanted = answers(torch.from_numpy(np.asarray(frames.truth[part]))).to(device)
        errors.append(float(seeing_loss(seeing(pictures, mask), wanted)[1]))
    return float(np.mean(errors))


class Acting(nn.Module):
    """What learns to act: adapter of the encoder, language and policy.

    Args:
        encoder: Its backbone is not used: tokens come from a cache.
        language: Instruction to features.
        policy: The policy.
    """

    def __init__(self, encoder: VisualEncoder, language: LanguageEncoder, policy: Policy) -> None:
        super().__init__()
        self.adapter, self.language, self.policy = encoder.adapter, language, policy

    def forward(self, sample: Sample, draws: Draws, config: StageConfig) -> Tensor:
        """Return the loss of some samples."""
        how = config.imperfection
        ids = torch.arange(sample.tokens.shape[1], device=sample.tokens.device)
        tokens = self.adapter(sample.tokens.float(), ids)
        words = self.language(sample.ids, sample.id_mask)
        heard = seen_words(draws, sample.id_mask > 0, how)
        state, known = seen_state(draws, sample.state, sample.spread, how)
        views = seen_views(draws, tokens.shape[1], how)
        context = self.policy.context(tokens, views, words, heard, state, known)
        loss = policy_loss(self.policy, context, sample.actions, sample.valid, draws)
        if context.state is not None:
            loss = loss + config.state_weight * (context.state - sample.state).square().mean()
        return loss


@dataclass(frozen=True)
class Sample:
    """A batch on a device.

    Attributes:
        tokens: Backbone tokens (B, V, N, W).
        ids: Token ids of the instructions (B, L).
        id_mask: 1 for a word (B, L).
        state: Normalised joint state (B, J).
        spread: Standard deviation of each normalised joint (J,).
        actions: Normalised actions (B, H, J).
        valid: bool (B, H).
    """

    tokens: Tensor
    ids: Tensor
    id_mask: Tensor
    state: Tensor
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
        self._tokens = tokens
        self._state = statistics.normalise_state(frames.state)
        self._action = statistics.normalise_action(frames.action)
        self._spread = torch.from_numpy(self._state.std(axis=0))
        encoded = [Tokenizer.from_str(tokenizer).encode(span.task) for span in spans]
        self._ids = torch.tensor([one.ids for one in encoded])
        self._id_mask = torch.tensor([one.attention_mask for one in encoded])

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


def learn_to_act(acting: Acting, samples: Samples, config: StageConfig, run: Run) -> None:
    """Train adapter, language and policy on cached tokens; the averaged weights stay in them."""
    accelerator = run.accelerator
    prepared = accelerator.prepare(acting)
    policy = acting.policy.config
    shape = (config.batch, policy.horizon, policy.joints)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        draws = Draws(config.seed, step, shape, config.max_prefix_steps)
        draws = draws.part(accelerator.process_index, accelerator.num_processes)
        windows = _mine(draw(config.seed, step, len(samples.windows), config.batch), accelerator)
        sample = samples.take(windows, draws.copies.numpy(), accelerator.device)
        return prepared(sample, draws.to(accelerator.device), config), {}

    train_loop(prepared, step_loss, config.loop, run)
    acting.eval()


def _mine(values: NDArray[np.intp], accelerator: Accelerator) -> NDArray[np.intp]:
    """Return this process's share of a batch."""
    return np.array_split(values, accelerator.num_processes)[accelerator.process_index]
