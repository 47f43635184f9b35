"""Going on with another engine, on purpose: its rate is measured again, and the plan holds or is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from dexora_engines.engine import Engine
from dexora_engines.latency import Latency, measure_latency
from dexora_engines.rate import RatePlan
from dexora_engines.spec import Arrays

LOG = logging.getLogger("dexora_engines")


@dataclass(frozen=True)
class Replacement:
    """An engine that has taken over.

    Attributes:
        engine: The engine, warm.
        latency: Measured on this machine.
        plan: What holds from now on.
    """

    engine: Engine
    latency: Latency
    plan: RatePlan


def fall_back(
    failed: Engine,
    open_next: Callable[[], Engine],
    plan: Callable[[float], RatePlan],
    *,
    example: Arrays | None = None,
    overhead_s: float = 0.0,
    runs: int = 30,
) -> Replacement:
    """Replace an engine by another one, or refuse; the robot must hold meanwhile.

    Args:
        failed: Engine in use so far; it is closed first, so that its memory is free.
        open_next: Opens the other one.
        plan: Returns the plan for a latency [s], or refuses: `rate_plan` with the bundle's values.
        example: Inputs to measure with; zeros when None.
        overhead_s: What is added to the engine's own latency before it is judged [s].
        runs: How often it is measured.

    Raises:
        EngineError: The other engine cannot be opened or run, or `DX-ENG-011`: it is too slow; it is closed
            again.
    """
    before = failed.kind
    failed.close()
    engine = open_next()
    try:
        latency = measure_latency(engine, example, runs=runs)
        found = plan(latency.p99_s + overhead_s)
    except BaseException:
        engine.close()
        raise
    LOG.warning(
        "fell back from %s to %s (%s): %.1f ms p99, replanning at %.1f Hz with a prefix of %d",
        before,
        engine.kind,
        engine.device,
        1e3 * latency.p99_s,
        found.replan_hz,
        found.prefix_steps,
    )
    return Replacement(engine, latency, found)
