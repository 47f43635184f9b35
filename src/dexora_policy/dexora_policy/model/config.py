"""What a policy is made of, as a value that travels in a bundle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dexora_core.bundle.manifest import HEADS
from dexora_core.errors import ConfigError
from dexora_core.records import from_dict, to_dict

from dexora_policy.solver_plan import LINEAR

ACTION_FRAMES = ("absolute", "relative")
LANGUAGE_KINDS = ("tiny", "llama", "t5", "minilm")


@dataclass(frozen=True, slots=True)
class LanguageConfig:
    """The source of language features.

    Attributes:
        kind: `tiny` (trained with the policy), `llama`, `t5` or `minilm` (pre-trained, frozen).
        dim: Channels DL of a feature.
        max_tokens: Tokens L that an instruction is padded or truncated to.
        layers: Transformer layers kept of the source.
        heads: Attention heads; `tiny` only.
        vocabulary: Words known; `tiny` only.
    """

    kind: str
    dim: int
    max_tokens: int
    layers: int
    heads: int = 1
    vocabulary: int = 0

    def __post_init__(self) -> None:
        """Check the kind.

        Errors:
            ConfigError: an unknown kind.
        """
        if self.kind not in LANGUAGE_KINDS:
            raise ConfigError(f"language kind is {self.kind!r}; allowed are {', '.join(LANGUAGE_KINDS)}")


@dataclass(frozen=True, slots=True)
class ExtraSlot:
    """Room for a further condition: a mask image in patches, the latent of a slow system, tactile readings.

    Attributes:
        name: What it is called.
        tokens: Tokens it takes.
        dim: Channels of a token as it comes.
    """

    name: str
    tokens: int
    dim: int


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """Shape of fusion and decoder.

    Attributes:
        width: Channels D of every token.
        heads: Attention heads.
        layers: Layers of the decoder.
        horizon: Steps H of a chunk.
        views: Number of camera views V.
        tokens_per_view: Tokens N of one view.
        language: The source of language features.
        joints: Joints J, in the robot's order.
        head: What the network predicts: `mip`, `flow`, `sample`, `v`, or `epsilon` (old checkpoints only).
        embodiments: Robots with action layers of their own; the first is the default.
        extra_slots: Further conditions that may be given.
        has_state_head: Whether joint tokens also predict the joint state (auxiliary loss).
        has_control_rate: Whether the decoder is told the rate of the chunk's steps.
        resampled_tokens: Tokens that learned queries condense all visual ones to before fusion; 0: none do.
        action_frame: What the network predicts: `absolute` targets, or targets `relative` to the measured
            joint state, which needs one normalisation for both. What goes in and comes out is absolute.
        absolute_joints: Joints that stay absolute where the others are relative: those that press against
            things. A target counted from a finger that something bends would follow it instead of resisting.
        action_spread: How much each joint's normalised actions vary in that frame (J,). The network's actions
            are divided by it, so that noise is as large as what it hides; without that, noise hides small
            motions at nearly all times, and few samples teach a head that denoises. Empty: 1 for all. Only
            `flow` and `sample` take it: the solvers of `v` and `epsilon` limit clean actions to the
            normaliser's range, and `mip` starts from nothing.
    """

    width: int
    heads: int
    layers: int
    horizon: int
    views: int
    tokens_per_view: int
    language: LanguageConfig
    joints: int = 36
    head: str = "mip"
    embodiments: tuple[str, ...] = ("default",)
    extra_slots: tuple[ExtraSlot, ...] = ()
    has_state_head: bool = False
    has_control_rate: bool = False
    resampled_tokens: int = 0
    action_frame: str = "absolute"
    absolute_joints: tuple[int, ...] = ()
    action_spread: tuple[float, ...] = ()

    @property
    def is_framed(self) -> bool:
        """Whether the network's actions are others than those that go in and come out."""
        return self.action_frame != "absolute" or bool(self.action_spread)

    @property
    def relative_joints(self) -> tuple[bool, ...]:
        """Whether the actions of each joint are counted from the measured state."""
        is_relative = self.action_frame == "relative"
        return tuple(is_relative and joint not in self.absolute_joints for joint in range(self.joints))

    def __post_init__(self) -> None:
        """Check what the shapes must satisfy.

        Errors:
            ConfigError: an unknown head, action frame or joint, a width that the heads do not divide, or a
                name given twice.
        """
        if self.head not in HEADS:
            raise ConfigError(f"head is {self.head!r}; allowed are {', '.join(HEADS)}")
        if self.heads < 1 or self.width % self.heads:
            raise ConfigError(f"width is {self.width}; it must be a multiple of heads = {self.heads}")
        if self.action_frame not in ACTION_FRAMES:
            allowed = ", ".join(ACTION_FRAMES)
            raise ConfigError(f"action_frame is {self.action_frame!r}; allowed are {allowed}")
        unknown = [joint for joint in self.absolute_joints if not 0 <= joint < self.joints]
        if unknown:
            raise ConfigError(f"absolute_joints name {unknown}; joints are 0 to {self.joints - 1}")
        spread = self.action_spread
        if spread and self.head not in LINEAR:
            raise ConfigError(f"action_spread is for heads {', '.join(LINEAR)}; head is {self.head!r}")
        if spread and (len(spread) != self.joints or not all(0.0 < one < math.inf for one in spread)):
            raise ConfigError(
                f"action_spread holds {len(spread)} numbers; give {self.joints} of them, each above 0"
            )
        if not self.embodiments:
            raise ConfigError("embodiments are empty; name at least one robot")
        for field, names in (
            ("embodiments", self.embodiments),
            ("extra_slots", tuple(slot.name for slot in self.extra_slots)),
        ):
            if len(set(names)) != len(names):
                raise ConfigError(f"{field} are {', '.join(names)}; each name may appear once")

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain data."""
        return to_dict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> PolicyConfig:
        """Read what `to_dict` gave; unknown keys are refused."""
        return from_dict(PolicyConfig, data)
