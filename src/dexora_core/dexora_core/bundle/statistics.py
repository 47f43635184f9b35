"""Normalisation statistics: quantiles per joint, and the only normalisation of training and robot."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dexora_core.errors import BundleError
from dexora_core.refusal import refusal

QUANTILES = ("action_p01", "action_p99", "state_p01", "state_p99")
# A joint that hardly moves in the data must not turn noise into a large number.
MIN_RANGE_RAD = 1e-3
_Scale = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Statistics:
    """1st and 99th percentile of each joint over all frames of the training data; J values each, in rad.

    Attributes:
        action_p01: 1st percentile of the actions [rad].
        action_p99: 99th percentile of the actions [rad].
        state_p01: 1st percentile of the measured positions [rad].
        state_p99: 99th percentile of the measured positions [rad].
        dataset: Name and version of the data.
        hash: SHA-256 (hex) of all the above.
    """

    action_p01: tuple[float, ...]
    action_p99: tuple[float, ...]
    state_p01: tuple[float, ...]
    state_p99: tuple[float, ...]
    dataset: str
    hash: str

    def normalise_state(self, q_rad: ArrayLike) -> NDArray[np.float32]:
        """Map positions [rad], shape (..., J), so that p01..p99 becomes -1..1; nothing is clipped."""
        return _normalised(q_rad, self._state)

    def normalise_action(self, q_rad: ArrayLike) -> NDArray[np.float32]:
        """Map actions [rad], shape (..., J), so that p01..p99 becomes -1..1; nothing is clipped."""
        return _normalised(q_rad, self._action)

    def denormalise_action(self, value: ArrayLike) -> NDArray[np.float32]:
        """Return actions [rad], shape (..., J), of normalised ones: the inverse of `normalise_action`."""
        centre, half = self._action
        return (np.asarray(value, np.float64) * half + centre).astype(np.float32)

    @cached_property
    def action_half_range_rad(self) -> NDArray[np.float64]:
        """One normalised unit of each action in rad, shape (J,), read-only."""
        return self._action[1]

    @cached_property
    def _action(self) -> _Scale:
        return _scale(self.action_p01, self.action_p99)

    @cached_property
    def _state(self) -> _Scale:
        return _scale(self.state_p01, self.state_p99)


def make_statistics(
    *, action_p01: ArrayLike, action_p99: ArrayLike, state_p01: ArrayLike, state_p99: ArrayLike, dataset: str
) -> Statistics:
    """Return statistics with their hash.

    Args:
        action_p01: 1st percentile of the actions [rad], shape (J,).
        action_p99: 99th percentile of the actions [rad], shape (J,).
        state_p01: 1st percentile of the positions [rad], shape (J,).
        state_p99: 99th percentile of the positions [rad], shape (J,).
        dataset: Name and version of the data.
    """
    unsealed = Statistics(
        _values(action_p01), _values(action_p99), _values(state_p01), _values(state_p99), dataset, hash=""
    )
    return replace(unsealed, hash=statistics_hash(unsealed))


def statistics_hash(statistics: Statistics) -> str:
    """Return the SHA-256 (hex) of everything but the hash itself."""
    content = {key: value for key, value in asdict(statistics).items() if key != "hash"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def check_statistics(statistics: Statistics, joint_names: Sequence[str], bundle: str) -> None:
    """Refuse statistics that are not finite, not J values, reversed, or not those that were hashed.

    Args:
        statistics: What the manifest holds.
        joint_names: The bundle's joints; J names.
        bundle: Name of the bundle, for the message.

    Raises:
        BundleError: `DX-BND-010`, or `DX-BND-011` for a hash that does not fit.
    """
    for key in QUANTILES:
        values = getattr(statistics, key)
        if len(values) != len(joint_names):
            raise _unusable(bundle, f"{key} has {len(values)} values for {len(joint_names)} joints")
        for name, value in zip(joint_names, values, strict=True):
            if not math.isfinite(value):
                raise _unusable(bundle, f"{key} of {name} is {value}; it must be finite")
    for low, high in (QUANTILES[:2], QUANTILES[2:]):
        pairs = zip(joint_names, getattr(statistics, low), getattr(statistics, high), strict=True)
        for name, p01, p99 in pairs:
            if p01 > p99:
                raise _unusable(bundle, f"{low} of {name} is {p01:g}, above its {high} {p99:g}")
    if statistics.hash != statistics_hash(statistics):
        raise refusal(BundleError, "DX-BND-011", bundle)


def _values(quantile: ArrayLike) -> tuple[float, ...]:
    return tuple(float(value) for value in np.asarray(quantile, np.float64).reshape(-1))


def _unusable(bundle: str, detail: str) -> BundleError:
    return refusal(BundleError, "DX-BND-010", bundle, detail=detail)


def _scale(p01: Sequence[float], p99: Sequence[float]) -> _Scale:
    low, high = np.asarray(p01, np.float64), np.asarray(p99, np.float64)
    centre, half = (low + high) / 2.0, np.maximum(high - low, MIN_RANGE_RAD) / 2.0
    centre.setflags(write=False)
    half.setflags(write=False)
    return centre, half


def _normalised(q_rad: ArrayLike, scale: _Scale) -> NDArray[np.float32]:
    centre, half = scale
    return ((np.asarray(q_rad, np.float64) - centre) / half).astype(np.float32)
