"""The denoising loop as plain numbers: when the network is asked and how its answers are combined.

Every kind of head is one recurrence over the chunk x, in float32 outside the network:

    clean    = clean_from_x * x + clean_from_prediction * network(x, time), inside +- clean_limit
    estimate = clean + correction * (clean - clean of the step before)
    x        = next_from_x * x + next_from_estimate * estimate

so that torch, numpy and an exported graph run the same few lines. `flow` and `sample` step by Euler on a
linear path; v and epsilon by DPM-Solver++ 2M (arXiv 2211.01095); `mip` is two regressions (arXiv 2512.01809).
No torch here, no numpy.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from dexora_core.bundle.manifest import HEADS
from dexora_core.errors import ConfigError

SAYS_CLEAN = ("mip", "sample")
"""Heads whose answer is the clean action."""
# Heads on the linear path, whose clean estimates are not limited to the range of the normaliser.
LINEAR = ("flow", "sample")
MIP_TIMES = (0.0, 0.9)
DEFAULT_STEPS = {"mip": 2, "flow": 5, "sample": 5, "v": 5, "epsilon": 5}
# The network's time of an action that is already clean, such as the committed prefix.
CLEAN_TIME = {"mip": 1.0, "flow": 0.0, "sample": 1.0, "v": 0.0, "epsilon": 0.0}

COSINE_OFFSET = 0.008
# The capped last beta of the cosine schedule leaves this signal at time 1 (1000 training steps, beta 0.999).
MIN_SIGNAL = 4.927e-5
# Below this half log-SNR an epsilon network's error is divided by almost nothing; its grid starts above it.
EPSILON_MIN_LAMBDA = -5.1
# Estimates of clean actions are kept inside this multiple of the normaliser's range (v and epsilon).
CLEAN_LIMIT = 1.5


@dataclass(frozen=True, slots=True)
class SolverStep:
    """One call of the network and what is made of its answer; see the module's recurrence.

    Attributes:
        time: Time given to the network for steps that are not committed yet.
        clean_from_x: Factor of x.
        clean_from_prediction: Factor of the network's answer.
        correction: Weight of the second-order term; 0 in the first and the last step.
        next_from_x: Factor of x.
        next_from_estimate: Factor of the corrected estimate.
        clean_limit: Largest magnitude of a clean estimate; infinite: not limited.
    """

    time: float
    clean_from_x: float
    clean_from_prediction: float
    correction: float
    next_from_x: float
    next_from_estimate: float
    clean_limit: float = math.inf


@functools.cache
def solver_plan(head: str, steps: int) -> tuple[SolverStep, ...]:
    """Return the steps of a head's denoising loop.

    Args:
        head: One of `HEADS`.
        steps: Number of network calls; `mip` has exactly two.

    Errors:
        ConfigError: an unknown head, or a number of steps that it does not have.
    """
    if head not in HEADS:
        raise ConfigError(f"head is {head!r}; allowed are {', '.join(HEADS)}")
    if steps < 1 or (head == "mip" and steps != len(MIP_TIMES)):
        allowed = "exactly 2" if head == "mip" else "at least 1"
        raise ConfigError(f"steps is {steps}; head {head!r} takes {allowed}")
    if head == "mip":
        return tuple(SolverStep(time, 0.0, 1.0, 0.0, 0.0, 1.0) for time in MIP_TIMES)
    grid = time_grid(head, steps)
    return tuple(_diffusion_step(head, grid, k) for k in range(steps))


def starts_from_noise(head: str) -> bool:
    """Return whether the loop starts from noise; `mip` starts from zeros and is deterministic."""
    return head != "mip"


def time_grid(head: str, steps: int) -> tuple[float, ...]:
    """Return the times of a diffusion from noise to clean, trailing and nested: 4 steps hold those of 2."""
    if head == "sample":
        return tuple(k / steps for k in range(steps + 1))
    start = _epsilon_start() if head == "epsilon" else 1.0
    return tuple(start * (1 - k / steps) for k in range(steps + 1))


def signal_and_noise(head: str, time: float) -> tuple[float, float]:
    """Return the factors of action and noise in x at a time in [0, 1].

    Flow matching is linear, and so is `sample`, whose time runs as that of `mip`: 1 is clean. v and epsilon
    follow the cosine schedule (`squaredcos_cap_v2`).
    """
    if head in LINEAR:
        return (1.0 - time, time) if head == "flow" else (time, 1.0 - time)
    signal = math.cos(cosine_angle(time)) / math.cos(cosine_angle(0.0))
    signal = min(max(signal, MIN_SIGNAL), 1.0)
    return signal, math.sqrt(1.0 - signal * signal)


def cosine_angle(time: float) -> float:
    """Return the angle of the cosine schedule at a time [rad]."""
    return (time + COSINE_OFFSET) / (1 + COSINE_OFFSET) * math.pi / 2


def _epsilon_start() -> float:
    signal = math.sqrt(1 / (1 + math.exp(-2 * EPSILON_MIN_LAMBDA)))
    angle = math.acos(signal * math.cos(cosine_angle(0.0)))
    return angle / (math.pi / 2) * (1 + COSINE_OFFSET) - COSINE_OFFSET


def _diffusion_step(head: str, grid: tuple[float, ...], k: int) -> SolverStep:
    signal, noise = signal_and_noise(head, grid[k])
    next_signal, next_noise = signal_and_noise(head, grid[k + 1])
    from_x, from_prediction = {
        "flow": (1.0, -noise),
        "sample": (0.0, 1.0),
        "v": (signal, -noise),
        "epsilon": (1 / max(signal, MIN_SIGNAL), -noise / max(signal, MIN_SIGNAL)),
    }[head]
    ratio = next_noise / noise
    return SolverStep(
        time=grid[k],
        clean_from_x=from_x,
        clean_from_prediction=from_prediction,
        correction=_second_order(head, grid, k),
        next_from_x=ratio,
        next_from_estimate=next_signal - ratio * signal,
        clean_limit=math.inf if head in LINEAR else CLEAN_LIMIT,
    )


def _second_order(head: str, grid: tuple[float, ...], k: int) -> float:
    """Return 1 / (2 r) of DPM-Solver++ 2M, r = the step before over this one in half log-SNR."""
    if head in LINEAR or k in {0, len(grid) - 2}:
        return 0.0
    before, here, after = (_half_log_snr(head, time) for time in grid[k - 1 : k + 2])
    return (after - here) / (2 * (here - before))


def _half_log_snr(head: str, time: float) -> float:
    signal, noise = signal_and_noise(head, time)
    return math.log(signal / noise)
