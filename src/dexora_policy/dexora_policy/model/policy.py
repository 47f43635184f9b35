"""The policy: context once per observation, denoising as often as its head needs, sampling with a prefix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from dexora_core.errors import ConfigError
from torch import Tensor, nn

from dexora_policy.model.config import PolicyConfig
from dexora_policy.model.context import Context, ExtraTokens
from dexora_policy.model.dit import Decoder
from dexora_policy.model.fusion import Fusion
from dexora_policy.model.process import advance
from dexora_policy.solver_plan import CLEAN_TIME, DEFAULT_STEPS, solver_plan, starts_from_noise


class Policy(nn.Module):
    """Tokens, language and joint state in, a chunk of normalised actions out.

    Its weights may be bfloat16: what comes in is converted, and the chunk stays in the type of the noise.

    Args:
        config: Its shape.
    """

    is_relative: Tensor
    """bool [J]: joints whose actions are counted from the measured state."""
    spread: Tensor
    """How much each joint's actions vary [J]; empty: they are not divided by it."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        self.fusion = Fusion(config)
        self.decoder = Decoder(config)
        # On the device from the start: a copy from the host cannot be captured in a CUDA graph.
        self.register_buffer("is_relative", torch.tensor(config.relative_joints), persistent=False)
        self.register_buffer("spread", torch.tensor(config.action_spread), persistent=False)

    def context(  # noqa: PLR0917 - inputs of the exported graph, in its order
        self,
        tokens: Tensor,
        view_mask: Tensor,
        language: Tensor,
        language_mask: Tensor,
        state: Tensor,
        state_mask: Tensor,
        extra: Mapping[str, ExtraTokens] | None = None,
    ) -> Context:
        """Return what the decoder reads at every step.

        Args:
            tokens: Visual tokens [B, V, N, D].
            view_mask: bool [B, V], false for a view that is not there.
            language: Features [B, L, DL].
            language_mask: bool [B, L], false for padding; all false: no instruction.
            state: Normalised joint state [B, J].
            state_mask: bool [B, J], false for a joint that is not known.
            extra: Further conditions by the name of their slot.
        """
        tokens, language, state = (x.to(self.decoder.positions.dtype) for x in (tokens, language, state))
        fused, mask = self.fusion((tokens, view_mask), (language, language_mask), (state, state_mask), extra)
        keys, values = self.decoder.keys_values(fused)
        return Context(keys, values, mask, self.fusion.predict_state(fused), self._anchor(state, state_mask))

    def _anchor(self, state: Tensor, state_mask: Tensor) -> Tensor | None:
        if self.config.action_frame == "absolute":
            return None
        return torch.where(state_mask & self.is_relative, state, 0.0)

    def to_frame(self, actions: Tensor, context: Context) -> Tensor:
        """Return normalised actions [B, H, J] as the network has them: from their origin, by their spread."""
        counted = actions - origin(context)
        return counted / self.spread if self.config.action_spread else counted

    def from_frame(self, x: Tensor, context: Context) -> Tensor:
        """Return normalised actions [B, H, J] of what the network has; the inverse of `to_frame`."""
        counted = x * self.spread if self.config.action_spread else x
        return counted + origin(context)

    def denoise(
        self,
        noisy: Tensor,
        times: Tensor,
        context: Context,
        *,
        action_mask: Tensor | None = None,
        embodiment: str | Tensor | None = None,
        rate_hz: Tensor | None = None,
    ) -> Tensor:
        """Return the head's prediction [B, H, J].

        Args:
            noisy: Noised normalised actions [B, H, J], in the frame of the network.
            times: Time of each step [B, H]; `CLEAN_TIME` of the head marks a committed one.
            context: What `context` gave.
            action_mask: bool [B, J], false for a joint that this robot does not have; None: it has all.
            embodiment: Name of the robot, or an index per sample int64 [B]; None: the first.
            rate_hz: Rate of the chunk's steps [B, 1] [Hz], where the policy is told one.
        """
        modulations = self.modulations(times, rate_hz)
        return self.denoise_modulated(
            noisy, modulations, context, action_mask=action_mask, embodiment=embodiment
        )

    def modulations(self, times: Tensor, rate_hz: Tensor | None = None) -> list[Tensor]:
        """Return what times do to the decoder: [B, H, 9 D] per layer and [B, H, 2 D] for the output, last.

        They depend on nothing else, so a fixed schedule makes them constants. Arguments as in `denoise`.
        """
        return self.decoder.modulations(times, rate_hz)

    def denoise_modulated(
        self,
        noisy: Tensor,
        modulations: Sequence[Tensor],
        context: Context,
        *,
        action_mask: Tensor | None = None,
        embodiment: str | Tensor | None = None,
    ) -> Tensor:
        """Return the head's prediction [B, H, J] for given modulations; arguments as in `denoise`."""
        mask = torch.ones_like(noisy[:, 0], dtype=torch.bool) if action_mask is None else action_mask
        mask = mask[:, None].expand_as(noisy)
        actions = torch.cat([torch.where(mask, noisy, 0.0), mask.to(noisy.dtype)], dim=-1)
        actions = actions.to(self.decoder.positions.dtype)
        prediction = self.decoder(actions, modulations, context, self._embodiment_index(embodiment))
        return torch.where(mask, prediction.to(noisy.dtype), 0.0)

    def sample(
        self,
        context: Context,
        prefix: Tensor,
        prefix_mask: Tensor,
        noise: Tensor,
        steps: int | None = None,
        *,
        action_mask: Tensor | None = None,
        embodiment: str | Tensor | None = None,
        rate_hz: Tensor | None = None,
    ) -> Tensor:
        """Return a chunk of normalised actions [B, H, J] whose committed steps equal the prefix.

        The prefix is put back before every call of the network and at the end; its steps are marked clean.

        Args:
            context: What `context` gave.
            prefix: Committed normalised actions [B, H, J]; read where the mask is true.
            prefix_mask: bool [B, H], true for a committed step.
            noise: Normal [B, H, J], times the recipe's `noise_scale`; `mip` ignores it.
            steps: Calls of the network; None: the head's default.
            action_mask: As in `denoise`; joints that the robot does not have come out as 0.
            embodiment: As in `denoise`.
            rate_hz: As in `denoise`.
        """
        committed = prefix_mask[..., None]
        prefix = torch.where(committed, prefix, 0.0)
        given, prefix = prefix, self.to_frame(prefix, context)
        x = noise if starts_from_noise(self.config.head) else torch.zeros_like(noise)
        before = x
        for step in solver_plan(self.config.head, steps or DEFAULT_STEPS[self.config.head]):
            x = torch.where(committed, prefix, x)
            modulations = self._step_modulations(step.time, committed, rate_hz)
            prediction = self.denoise_modulated(
                x, modulations, context, action_mask=action_mask, embodiment=embodiment
            )
            x, before = advance(step, x, prediction, before)
        x = torch.where(committed, given, self.from_frame(x, context))
        return x if action_mask is None else torch.where(action_mask[:, None], x, 0.0)

    def denoise_committed(self, noisy: Tensor, time: Tensor, committed: Tensor, context: Context) -> Tensor:
        """Return the head's prediction [B, H, J] for chunks that begin with committed steps.

        Args:
            noisy: Noised normalised actions [B, H, J] in the network's frame, clean where they are committed.
            time: Time of the steps that are not committed [B or 1, 1].
            committed: bool [B, H].
            context: What `context` gave.
        """
        modulations = self.prefix_modulations(time, committed[..., None])
        return self.denoise_modulated(noisy, modulations, context)

    def prefix_modulations(
        self, time: Tensor, committed: Tensor, rate_hz: Tensor | None = None
    ) -> list[Tensor]:
        """Return `modulations` of chunks with a committed prefix: two times each, picked per step.

        Args:
            time: Time of the steps that are not committed [B or 1, 1].
            committed: bool [B, H, 1].
            rate_hz: As in `denoise`.
        """
        clean = torch.full_like(time, CLEAN_TIME[self.config.head])
        both = self.decoder.modulations(torch.cat([time, clean], dim=1), rate_hz)
        return [torch.where(committed, pair[:, 1:], pair[:, :1]) for pair in both]

    def _step_modulations(self, time: float, committed: Tensor, rate_hz: Tensor | None) -> list[Tensor]:
        """Return the modulations of one solver step."""
        # Filled on the device: a copy from the host cannot be captured in a CUDA graph.
        filled = torch.full((1, 1), time, device=committed.device)
        return self.prefix_modulations(filled, committed, rate_hz)

    def _embodiment_index(self, embodiment: str | Tensor | None) -> int | Tensor:
        if embodiment is None:
            return 0
        if isinstance(embodiment, Tensor):
            return embodiment
        if embodiment not in self.config.embodiments:
            known = ", ".join(self.config.embodiments)
            raise ConfigError(f"embodiment {embodiment!r} is unknown; this policy knows {known}")
        return self.config.embodiments.index(embodiment)


def origin(context: Context) -> Tensor | float:
    """Return what the network's actions are counted from, normalised [B, 1, J]; 0 where they are absolute."""
    return 0.0 if context.anchor is None else context.anchor[:, None]
