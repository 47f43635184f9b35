"""Cost part of benchmarks/command_path.py: gate and timeline alone, a tick, and a chunk; 36 joints move.

Virtual machines change their speed: a core that shares its silicon with a busy neighbour is half as fast for
seconds. So every tick is timed beside a fixed piece of work of the same kind, and ticks whose piece took more
than `DISTURBED` times its usual shortest time are told apart.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from _command_figures import figures, row
from _harness import Bar, Options, Report
from dexora_core.stages import GateRequest
from path_cases import NAMES, TICK, Loop, sway

from dexora_control import realtime


def started() -> Loop:
    """Return a loop whose path is owned by the policy."""
    loop = Loop()
    loop.tick(2)
    loop.path.acquire(loop.now, "policy", "policy_node")
    return loop


DISTURBED = 1.3
_PIECE = np.linspace(-1.0, 1.0, 36)


def piece_us() -> float:
    """Time a fixed piece of work: as many calls on 36 values as take some ten microseconds [us]."""
    begin = time.perf_counter_ns()
    values = _PIECE
    for _ in range(8):
        values = np.minimum(np.abs(values * 1.0001), _PIECE)
    return (time.perf_counter_ns() - begin) / 1e3


def gate_and_timeline(count: int) -> tuple[list[float], list[float]]:
    """Time sampling the timeline and one step of the gate, without what surrounds them in a tick.

    Args:
        count: Number of ticks.

    Returns:
        Durations, and those of the fixed piece of work right before and after, the longer one [us].
    """
    loop, spent, pieces = started(), [], []
    path = loop.path
    lookahead_ns = round(path.config.gate.lookahead_s * 1e9)
    for k in range(count):
        loop.now += TICK
        measured = path.gate.plan.state_at(loop.now)[0]
        if k % 10 == 0:
            loop.chunk("policy", sway)
        before = piece_us()
        begin = time.perf_counter_ns()
        wanted = path.timeline.state_at(loop.now, loop.now + lookahead_ns)
        q, v, a = (None, None, None) if wanted is None else wanted
        verdict = path.gate.step(loop.now, GateRequest(q, v, a, measured=measured))
        spent.append((time.perf_counter_ns() - begin) / 1e3)
        pieces.append(max(before, piece_us()))
        if k > 10 and not verdict.passed.any():
            raise RuntimeError(f"tick {k} of the cost part does not move the robot: {verdict.faults}")
    return spent, pieces


def whole_ticks(count: int) -> tuple[list[float], list[float]]:
    """Time `CommandPath.tick` and taking a chunk [us]."""
    loop, ticks, chunks = started(), [], []
    for k in range(count):
        loop.now += TICK
        for group, index in loop.path.limits.groups.items():
            measured = loop.receivers[group].state_at(loop.now)[0]
            loop.path.joint_state(loop.now, [NAMES[i] for i in index], measured, loop.now)
        if k % 10 == 0:
            begin = time.perf_counter_ns()
            loop.chunk("policy", sway)
            chunks.append((time.perf_counter_ns() - begin) / 1e3)
        begin = time.perf_counter_ns()
        output = loop.path.tick(loop.now)
        ticks.append((time.perf_counter_ns() - begin) / 1e3)
        for group, points in output.trajectories.items():
            loop.receivers[group].take(points, loop.now, output.now_ns)
    return ticks, chunks


def cost(options: Options, report: Report) -> Iterator[None]:
    """Measure as the command node runs: without collections of the garbage collector in a tick."""
    count = 500 if options.quick else 10_000
    realtime.stop_garbage_collection()
    try:
        alone, pieces = gate_and_timeline(count)
        ticks, chunks = whole_ticks(count)
    finally:
        realtime.give_back()
    shortest = float(np.percentile(pieces, 5))
    calm = [spent for spent, piece in zip(alone, pieces, strict=True) if piece <= DISTURBED * shortest]
    report.rows.append(row("cost of gate and timeline", "gate, timeline", "us", alone))
    report.rows.append(row("the same, core undisturbed", "gate, timeline", "us", calm))
    report.rows.append(row("a fixed piece of work beside it", "floor", "us", pieces))
    report.rows.append(row("cost of a tick", "CommandPath", "us", ticks))
    report.rows.append(row("cost of a chunk", "CommandPath", "us", chunks))
    report.samples["cost"] = {"gate and timeline": alone, "tick": ticks, "chunk": chunks}
    p99 = figures(calm)["p99"]
    report.bars += [
        Bar("G7", "gate and timeline, 36 joints, p99, core undisturbed", p99, 150.0, 150.0, "us", True),
        Bar("G7", "the same as a share of 10 ms", p99 / 100.0, 2.0, 2.0, "%", True),
    ]
    yield
