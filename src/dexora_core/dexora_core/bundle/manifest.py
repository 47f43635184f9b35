"""The manifest of a bundle as one frozen value. Pure data: no files, no checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dexora_core.bundle.statistics import Statistics

SCHEMA = 1
NOISE_SCALE_RANGE = (0.0, 1.0)
HEADS = ("mip", "flow", "sample", "v", "epsilon")
PRECISIONS = ("fp32", "fp16", "bf16", "int8")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a bundle.

    Attributes:
        sha256: SHA-256 of its content (hex).
        bytes: Its size.
    """

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class LanguageSpec:
    """What the policy reads as language.

    Attributes:
        kind: Encoder of the instruction, such as `minilm` or `tiny`.
        max_tokens: Tokens an instruction is padded or cut to.
        dim: Width of one token's features.
        known_instructions: Instructions the policy was trained with; empty where it takes any.
    """

    kind: str
    max_tokens: int
    dim: int
    known_instructions: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """Everything that a node must know before it runs a bundle.

    Attributes:
        schema: Version of this list of keys.
        name: Name of the bundle.
        created: When it was written, UTC, `2026-01-31T12:00:00Z`.
        parent: Manifest hash of the bundle that this one was distilled or quantised from, or None.
        robot: Name of the robot's contract.
        contract_hash: `layout_hash` of the contract: joints, limits, views, rate and horizon.
        joint_names: Order of the J joints in every array.
        views: Order of the cameras; a view's position is its id.
        image_size: Side of the square pictures [px].
        tokens_per_view: Tokens of one picture.
        token_dim: Width of one token.
        encoder_id: Which encoder made the tokens; tokens of another one are refused.
        language: What is read as language.
        horizon: Steps of a chunk, H.
        step_dt_s: Time between two steps [s].
        head: What the network predicts: `mip`, `flow`, `sample`, `v` or `epsilon`.
        steps: Denoising steps.
        schedule: The times at which the network is evaluated, one per step.
        max_prefix_steps: Longest committed prefix that the policy was trained for.
        precision: Precision of the graphs: `fp32`, `fp16`, `bf16` or `int8`.
        statistics: Normalisation of states and actions.
        requires: Least version of each library, such as `{"onnxruntime": ">=1.20"}`.
        embodiment: Which head of a policy for several robots.
        files: The files by name.
        lineage: How it came about, oldest first, one sentence each.
        n_action_steps: Steps of a chunk between two inferences, as the policy was evaluated.
        noise_scale: Standard deviation of the noise that denoising starts from, 0 to 1.
    """

    schema: int
    name: str
    created: str
    parent: str | None
    robot: str
    contract_hash: str
    joint_names: tuple[str, ...]
    views: tuple[str, ...]
    image_size: int
    tokens_per_view: int
    token_dim: int
    encoder_id: str
    language: LanguageSpec
    horizon: int
    step_dt_s: float
    head: str
    steps: int
    schedule: tuple[float, ...]
    max_prefix_steps: int
    precision: str
    statistics: Statistics
    requires: Mapping[str, str]
    embodiment: str
    files: Mapping[str, FileEntry]
    lineage: tuple[str, ...]
    n_action_steps: int = 1
    noise_scale: float = 1.0

    @property
    def replan_hz(self) -> float:
        """Inferences per second that the policy is meant for [Hz]."""
        return 1.0 / (self.n_action_steps * self.step_dt_s)

    def to_json(self) -> str:
        """Return the text of `manifest.json`.

        Raises:
            ValueError: a number is not finite; JSON has no word for it.
        """
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
