"""How often an engine of some latency can plan again, and how long a prefix it then needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal

# A latency of exactly k steps needs k steps, not k + 1 because of a rounding error.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class RatePlan:
    """What holds at one latency.

    Attributes:
        replan_hz: How often a chunk can be planned [Hz].
        prefix_steps: Steps that the robot executes while the chunk is computed; they are committed.
        slack_s: What is left of a chunk, at worst, when the next one arrives [s].
    """

    replan_hz: float
    prefix_steps: int
    slack_s: float


def rate_plan(
    latency_p99_s: float,
    *,
    horizon: int,
    step_dt_s: float,
    max_prefix_steps: int,
    wanted_hz: float = math.inf,
    reserve_s: float = 0.0,
    engine: str = "policy",
) -> RatePlan:
    """Return the plan for a latency, or refuse with the bound that breaks.

    Args:
        latency_p99_s: From the newest observation to the chunk, 99th percentile [s].
        horizon: Steps of a chunk.
        step_dt_s: Time between two steps [s].
        max_prefix_steps: Longest prefix that the policy was trained for.
        wanted_hz: Plan no more often than this [Hz]; as often as the engine can when left out.
        reserve_s: What must be left of a chunk when the next one arrives [s].
        engine: Name of the engine, for the message.

    Raises:
        EngineError: `DX-ENG-011`: the prefix would be too long, or the chunk too short.
    """
    if not (math.isfinite(latency_p99_s) and latency_p99_s > 0.0 and step_dt_s > 0.0 and wanted_hz > 0.0):
        detail = f"latency {latency_p99_s} s, step {step_dt_s} s and rate {wanted_hz} Hz must be above 0"
        raise refusal(EngineError, "DX-ENG-011", engine, detail=detail)
    prefix = math.ceil(latency_p99_s / step_dt_s - _ROUNDING)
    if prefix > max_prefix_steps:
        detail = (
            f"{1e3 * latency_p99_s:.0f} ms (p99) need a prefix of {prefix} steps of {1e3 * step_dt_s:g} ms, "
            f"it was trained for {max_prefix_steps}"
        )
        raise refusal(EngineError, "DX-ENG-011", engine, detail=detail)
    period_s = max(latency_p99_s, 1.0 / wanted_hz)
    slack_s = horizon * step_dt_s - period_s - latency_p99_s
    if slack_s < reserve_s:
        detail = (
            f"a chunk lasts {1e3 * horizon * step_dt_s:.0f} ms; planning every {1e3 * period_s:.0f} ms "
            f"in {1e3 * latency_p99_s:.0f} ms (p99) leaves {1e3 * slack_s:.0f}, bound {1e3 * reserve_s:.0f}"
        )
        raise refusal(EngineError, "DX-ENG-011", engine, detail=detail)
    return RatePlan(1.0 / period_s, prefix, slack_s)
