"""Reaction part of benchmarks/command_path.py: from a fault to its end, in injected time, over many phases.

The pure path and the controllers of the tests; `tests/faults` injects the same faults into processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from _command_figures import figures, row
from _harness import Bar, Options, Report
from dexora_control.allow_list import AllowList, Publisher
from numpy.typing import NDArray
from path_cases import CONTRACT, HOME, MS, Loop, sway

REST_RAD_S = 1e-3
LONGEST_MS = 1000


def moving(run: int) -> Loop:
    """Return a loop that the policy has been moving for a while; `run` chooses the phase."""
    loop = Loop()
    loop.tick(2)
    loop.path.acquire(loop.now, "policy", "policy_node")
    loop.tick(100 + 7 * run % 90, policy=sway)
    return loop


@dataclass(frozen=True)
class Stop:
    """When a stop begins and when the robot rests, after a fault [ms]."""

    begun_ms: float
    rest_ms: float


def silence(run: int, who: str) -> Stop:
    """Let the policy or the joint states fall silent and wait for rest."""
    loop = moving(run)
    begin, begun = loop.now, None
    loop.silent = set(CONTRACT.group_names) if who == "joints" else set()
    while loop.last.is_moving or begun is None:
        loop.tick(policy=None if who == "policy" else sway)
        if begun is None and loop.last.verdict.stopped.all():
            begun = loop.now
        if loop.now - begin > LONGEST_MS * MS:
            return Stop(float(LONGEST_MS), float(LONGEST_MS))
    return Stop((begun - begin) / MS, (loop.now - begin) / MS)


def dead_node(run: int) -> float:
    """Let the ticks end; return when the last of the controllers rests [ms]."""
    loop = moving(run)
    speeds = [
        max(float(np.abs(one.state_at(loop.now + k * MS)[1]).max()) for one in loop.receivers.values())
        for k in range(LONGEST_MS)
    ]
    late = np.flatnonzero(np.array(speeds) >= REST_RAD_S)
    return float(late[-1] + 1) if len(late) else 0.0


def take_over(run: int) -> tuple[float, float]:
    """Let teleoperation take the robot from the policy and lead it elsewhere.

    Returns:
        Ticks until it owns and moves the robot, and the largest jerk of the next 500 ms, share of its limit.
    """
    loop = moving(run)
    positions = [loop.path.gate.plan.state_at(loop.now - k * MS)[0] for k in (3, 2, 1)]
    loop.path.acquire(loop.now, "teleop", "teleop_node")
    ticks = None
    for k in range(50):
        loop.tick(teleop=lambda t: sway(t + 0.7))
        chunk = loop.path.timeline.chunk
        if ticks is None and loop.last.owner == "teleop" and chunk is not None and chunk.source == "teleop":
            ticks = k + 1
        plan = loop.path.gate.plan
        positions += [plan.state_at(loop.now + m * MS)[0] for m in range(10)]
    jerk = np.abs(np.diff(positions[3:], 3, axis=0)) / 1e-9
    return float(ticks or LONGEST_MS), float((jerk / loop.path.limits.jerk).max())


def rogue(run: int) -> float:
    """Let intruders send chunks between those of the policy.

    One is an endpoint of a node that the allow list does not name, the others pass for sources that do not
    own the robot, or for the policy under an old lease.

    Returns:
        Ticks in which the commanded motion is not that of a robot without intruders.
    """
    names = AllowList("dexora/command/chunk", ["/policy_node"])
    names.watch(0, [Publisher(b"policy", "/policy_node")])
    quiet, disturbed = moving(run), moving(run)
    different = 0
    for _ in range(100):
        count, epoch = disturbed.sequence, disturbed.path.arbiter.epoch
        for gid, source, lease in (
            (b"rogue", "policy", epoch),
            (b"policy", "rogue", epoch),
            (b"policy", "teleop", epoch),
            (b"policy", "policy", epoch - 1),
        ):
            if names.allows(gid):
                disturbed.chunk(source, lambda _t: HOME, sequence=10**6, epoch=lease)
        disturbed.sequence = count
        expected, found = (loop.tick(policy=sway).state for loop in (quiet, disturbed))
        different += not np.array_equal(expected, found)
    return float(different)


def _report(report: Report, what: str, unit: str, samples: Sequence[float] | NDArray[np.float64]) -> None:
    values = [float(value) for value in samples]
    report.rows.append(row(what, "CommandPath", unit, values))
    report.samples[what] = values


def silences(runs: int, report: Report) -> None:
    """Add what happens when the policy or the joint states fall silent."""
    for who, name in (("policy", "policy silent"), ("joints", "joint states silent")):
        stops = [silence(run, who) for run in range(runs)]
        begun, rest = ([getattr(stop, key) for stop in stops] for key in ("begun_ms", "rest_ms"))
        _report(report, f"{name} to stop begun", "ms", begun)
        _report(report, f"{name} to rest", "ms", rest)
        if who == "policy":
            report.bars.append(_bar("G4", "policy silent to rest, p99", figures(rest)["p99"], 300.0, "ms"))
        else:
            p99 = figures(begun)["p99"]
            report.bars.append(_bar("G5", "joint states silent to stop begun, p99", p99, 60.0, "ms"))


def _bar(name: str, what: str, value: float, bar: float, unit: str) -> Bar:
    return Bar(name, what, value, bar, bar, unit, True)


def others(runs: int, report: Report) -> None:
    """Add what happens when the node dies, when teleoperation takes over, and when intruders send."""
    dead = [dead_node(run) for run in range(runs)]
    _report(report, "command node dead to controllers at rest", "ms", dead)
    ticks, jerks = zip(*(take_over(run) for run in range(runs)), strict=True)
    _report(report, "take-over by teleop", "ticks", ticks)
    _report(report, "jerk during take-over, of its limit", "1", jerks)
    rogues = [rogue(run) for run in range(runs)]
    _report(report, "rogue publisher, ticks changed", "ticks", rogues)
    report.bars += [
        _bar("G6", "command node dead to controllers at rest, max", max(dead), 150.0, "ms"),
        _bar("G17", "take-over by teleop, max", max(ticks), 1.0, "ticks"),
        _bar("G17", "jerk during take-over, of its limit", max(jerks), 1.0, "x"),
        _bar("G16", "rogue publisher, targets executed", sum(rogues), 0.0, "targets"),
    ]


def reaction(options: Options, report: Report) -> Iterator[None]:
    """Time every reaction over random phases."""
    runs = 5 if options.quick else 50
    parts: tuple[Callable[[int, Report], None], ...] = (silences, others)
    for part in parts:
        part(runs, report)
        yield
    report.notes.append(
        "reactions: pure path, injected time, ticks of 10 ms; the processes' figures are rows 8, 13, 33, 35"
        " and 42 of docs/faults.md"
    )
