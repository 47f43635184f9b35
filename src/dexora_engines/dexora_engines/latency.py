"""How long an engine takes, measured where it runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dexora_engines.engine import Engine
from dexora_engines.spec import Arrays


@dataclass(frozen=True)
class Latency:
    """Durations of single runs.

    Attributes:
        p50_s: Median [s].
        p95_s: 95th percentile [s].
        p99_s: 99th percentile [s].
        max_s: Longest [s].
        runs: How many were measured.
    """

    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float
    runs: int


def measure_latency(
    engine: Engine, example: Arrays | None = None, *, warm: int = 3, runs: int = 50
) -> Latency:
    """Run an engine and return how long it takes.

    Args:
        engine: What to measure.
        example: Inputs; zeros when None.
        warm: Runs before, not counted.
        runs: Runs that are counted.

    Raises:
        EngineError: as `Engine.run`.
    """
    engine.warm_up(warm, example)
    durations_s = np.array(engine.warm_up(runs, example))
    p50, p95, p99 = np.percentile(durations_s, (50, 95, 99))
    return Latency(float(p50), float(p95), float(p99), float(durations_s.max()), runs)
