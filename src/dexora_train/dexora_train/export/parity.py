"""How far a chunk moves on its way from torch to ONNX to INT8, per joint, in radians."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_train.export.int8 import LARGEST_ERROR, relative_error
from dexora_train.export.observations import Observations
from dexora_train.export.stages import Stages


@dataclass(frozen=True)
class Parity:
    """One variant against torch in float32, over the steps of the chunks that were not committed.

    Attributes:
        variant: `fp32`, `int8` or `qdq`.
        observations: How many chunks were compared.
        tokens_relative: Relative L2 error of the visual tokens.
        chunk_relative: Relative L2 error of the normalised chunks, encoder included.
        policy_relative: The same on torch's own tokens: the policy alone.
        cosine: Cosine between all chunks and torch's.
        max_rad: Largest error of each joint (J,) [rad].
        rms_rad: RMS error of each joint (J,) [rad].
        is_prefix_exact: Whether every committed step came back unchanged.
    """

    variant: str
    observations: int
    tokens_relative: float
    chunk_relative: float
    policy_relative: float
    cosine: float
    max_rad: tuple[float, ...]
    rms_rad: tuple[float, ...]
    is_prefix_exact: bool

    @property
    def fault(self) -> str:
        """Why no robot should take this variant by default; empty where nothing speaks against it."""
        if not self.is_prefix_exact:
            return f"{self.variant} changes committed steps"
        if not self.chunk_relative <= LARGEST_ERROR:
            error = 100 * self.chunk_relative
            return f"{self.variant} has a chunk error of {error:.2g} %, the bound is {LARGEST_ERROR:.0%}"
        return ""


@dataclass(frozen=True)
class _Chunks:
    """Chunks (n, H, J) of one way to compute: with its own tokens and with torch's."""

    tokens: NDArray[np.float32]
    own: NDArray[np.float32]
    on_reference: NDArray[np.float32]
    is_prefix_exact: bool


def compare(reference: Stages, variants: Mapping[str, Stages], observations: Observations) -> list[Parity]:
    """Run all ways on all observations and return how each differs from the reference."""
    feeds = [reference.policy_feed(observations, index) for index in range(len(observations))]
    exact = _run(reference, reference, observations)
    free = np.stack([~np.asarray(feed["prefix_mask"][0], bool) for feed in feeds])
    return [
        _difference(name, exact, _run(stages, reference, observations), free, reference)
        for name, stages in variants.items()
    ]


def _run(stages: Stages, reference: Stages, observations: Observations) -> _Chunks:
    tokens, own, on_reference, exact = [], [], [], True
    for index in range(len(observations)):
        feed = stages.policy_feed(observations, index)
        tokens.append(feed["tokens"])
        own.append(stages.actions(feed))
        on_reference.append(stages.actions(reference.policy_feed(observations, index)))
        committed = feed["prefix_mask"][0]
        exact &= bool(np.array_equal(own[-1][committed], feed["prefix"][0][committed]))
    return _Chunks(np.stack(tokens), np.stack(own), np.stack(on_reference), exact)


def _difference(
    name: str, exact: _Chunks, found: _Chunks, free: NDArray[np.bool_], reference: Stages
) -> Parity:
    half_range = reference.checkpoint.recipe.statistics.action_half_range_rad
    error_rad = np.abs(found.own - exact.own)[free] * half_range
    ours, theirs = found.own[free].astype(np.float64).ravel(), exact.own[free].astype(np.float64).ravel()
    norms = float(np.linalg.norm(ours)) * float(np.linalg.norm(theirs))
    return Parity(
        variant=name,
        observations=len(free),
        tokens_relative=relative_error([(exact.tokens, found.tokens)]),
        chunk_relative=relative_error([(exact.own[free], found.own[free])]),
        policy_relative=relative_error([(exact.own[free], found.on_reference[free])]),
        cosine=float(ours @ theirs / max(norms, 1e-30)),
        max_rad=tuple(float(value) for value in error_rad.max(axis=0)),
        rms_rad=tuple(float(value) for value in np.sqrt(np.square(error_rad).mean(axis=0))),
        is_prefix_exact=found.is_prefix_exact,
    )
