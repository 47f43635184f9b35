"""Lateness part of benchmarks/command_path.py: the command node beside three loops under the same loads.

All sides run beside the same twin, watchdog and policy, one after the other: a process that sleeps to
absolute times, the same process in the scheduling class that the command node asks for, a plain rclpy timer,
and the command node with the policy moving the robot.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from _command_figures import ROOT, figures, row
from _harness import Bar, Options, Report
from dexora_control.command_parameters import CommandParameters

LOADS = ("idle", "burners", "flood 1 MB")
RATES_HZ = (100, 250, 500)
BARE, GRANTED, TIMER, NODE = "bare loop", "bare loop, node's class", "rclpy timer", "command_node"
SIDES = (BARE, GRANTED, TIMER, NODE)
LOAD_STARTS_S = 1.0
_LOOPS = [sys.executable, str(Path(__file__).with_name("_command_loops.py"))]
Wait = Callable[[subprocess.Popen[bytes]], None]


@dataclass
class Block:
    """What one block of one side measured.

    Attributes:
        lateness_us: Lateness of each wake-up.
        scheduling: Scheduling class obtained.
        duration_us: Time inside each tick; empty for the loops.
    """

    lateness_us: list[float]
    scheduling: str
    duration_us: list[float] = field(default_factory=list)


@contextmanager
def load(kind: str, seconds: float, environment: Mapping[str, str]) -> Iterator[None]:
    """Keep the machine busy for the time of a block.

    Args:
        kind: One of `LOADS`.
        seconds: The load ends by itself after this long.
        environment: Variables of its processes; they say in which ROS domain the flood is.
    """
    arguments = {
        "idle": [],
        "burners": [["burn", str(seconds)]] * (os.cpu_count() or 1),
        "flood 1 MB": [["drain", str(seconds)], ["flood", str(seconds)]],
    }
    running = [subprocess.Popen(_LOOPS + one, env=dict(environment)) for one in arguments[kind]]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def loop_block(arguments: Sequence[object], environment: Mapping[str, str], wait: Wait) -> Block:
    """Run a loop of `_command_loops.py` in a process of its own.

    Args:
        arguments: Its command line.
        environment: Its variables.
        wait: Waits for its end.
    """
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen([*_LOOPS, *map(str, arguments)], stdout=printed, env=dict(environment))
        wait(process)
        printed.seek(0)
        told = json.loads(printed.read())
    return Block(told["lateness_us"], told["scheduling"])


class Stand:
    """Twin, watchdog and policy, and the command node when it is its turn."""

    def __init__(self) -> None:
        from dexora_ros.transport import transport_environment  # noqa: PLC0415 - loads the middleware

        from tests.faults.robot import Robot  # noqa: PLC0415

        self.robot = Robot()
        domain = {"ROS_DOMAIN_ID": str(self.robot.domain_id)}
        self.plain = {**os.environ, **domain}
        self.tuned = {**self.plain, **transport_environment()}
        self.log = ROOT / "build" / "command_ticks.npz"

    def __enter__(self) -> Stand:
        self.robot.start("twin", "watchdog", "policy")
        self.robot.until(lambda: self.robot.truth, 60.0, "a twin")
        return self

    def __exit__(self, *_error: object) -> None:
        self.robot.close()

    def start_node(self, rate_hz: int) -> str:
        """Start the command node and let the policy move the robot; return its scheduling."""
        self.log.parent.mkdir(exist_ok=True)
        self.log.unlink(missing_ok=True)
        self.robot.start("command", command={"rate_hz": float(rate_hz), "tick_log": str(self.log)})
        self.robot.up()
        self.robot.recover()
        self.robot.move()
        self.robot.until(lambda: self.robot.statuses, what="a status")
        return str(self.robot.statuses[-1].scheduling)

    def spin(self, seconds: float) -> None:
        """Watch the robot for some wall time."""
        end_s = time.monotonic() + seconds
        self.robot.until(lambda: time.monotonic() > end_s, seconds + 30.0)

    def end_node(self) -> Any:
        """End the command node; return its log of ticks: lateness and duration [ns]."""
        self.robot.end("command")
        return np.load(self.log)

    def loop(self, kind: str, rate_hz: int, seconds: float, under: str, *more: object) -> Block:
        """Measure a loop that is not the command node."""

        def wait(process: subprocess.Popen[bytes]) -> None:
            self.robot.until(lambda: process.poll() is not None, seconds + 60.0, f"the end of {kind}")

        with load(under, seconds + 20.0, self.tuned):
            self.spin(LOAD_STARTS_S)
            return loop_block((kind, rate_hz, seconds, *more), self.plain, wait)

    def node(self, rate_hz: int, seconds: float, under: str) -> Block:
        """Measure the command node."""
        scheduling = self.start_node(rate_hz)
        with load(under, seconds + 30.0, self.tuned):
            self.spin(seconds + LOAD_STARTS_S)
            content = self.end_node()
        count = round(seconds * rate_hz)
        late, spent = (content[key][-count:] / 1e3 for key in ("lateness", "duration"))
        return Block(late.tolist(), scheduling, spent.tolist())


def sides(rate_hz: int, seconds: float, under: str) -> dict[str, Block]:
    """Measure one block of each side, beside one robot."""
    priority = CommandParameters().realtime_priority
    with Stand() as stand:
        return {
            BARE: stand.loop("bare", rate_hz, seconds, under),
            GRANTED: stand.loop("bare", rate_hz, seconds, under, priority),
            TIMER: stand.loop("timer", rate_hz, seconds, under),
            NODE: stand.node(rate_hz, seconds, under),
        }


def patient(rate_hz: int, seconds: float, under: str, report: Report) -> dict[str, Block]:
    """Measure one block of each side; a robot that does not come up is tried once more, and told of."""
    try:
        return sides(rate_hz, seconds, under)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        report.notes.append(f"repeated at {rate_hz} Hz, {under}: {str(error)[:200]}")
        return sides(rate_hz, seconds, under)


def lateness(options: Options, report: Report) -> Iterator[None]:
    """Measure all sides under all loads, one after the other in turn."""
    rates = RATES_HZ[:1] if options.quick else RATES_HZ
    samples: dict[tuple[str, int, str], list[float]] = {}
    scheduling: dict[str, str] = {}
    for rate_hz in rates:
        for under in LOADS:
            spent: list[float] = []
            for _ in range(options.repetitions):
                for side, block in patient(rate_hz, options.block_s, under, report).items():
                    samples.setdefault((side, rate_hz, under), []).extend(block.lateness_us)
                    scheduling[side] = block.scheduling
                    spent += block.duration_us
            for side in SIDES:
                late = samples[side, rate_hz, under]
                name = f"{side} ({scheduling[side]})"
                report.rows.append(row(f"lateness, {rate_hz} Hz, {under}", name, "us", late))
                report.samples[f"{side} {rate_hz} {under}"] = late
            report.rows.append(row(f"tick duration, {rate_hz} Hz, {under}", NODE, "us", spent))
            yield
    report.bars += bars_of(samples, scheduling[NODE].startswith("SCHED_FIFO"))
    report.notes.append(
        "lateness of the rclpy timer is counted from the due time that it told at its last call"
    )
    if scheduling[GRANTED] != scheduling[NODE]:
        report.notes.append(f"the bare loop got {scheduling[GRANTED]}, the node {scheduling[NODE]}")


def bars_of(samples: Mapping[tuple[str, int, str], Sequence[float]], is_realtime: bool) -> list[Bar]:
    """Return the promises about lateness.

    Args:
        samples: Lateness [us] by side, rate [Hz] and load.
        is_realtime: Whether the command node got real-time priority; another bar holds where it did not.
    """
    p99 = {key: figures(late)["p99"] for key, late in samples.items()}
    cells = sorted({(rate, under) for _, rate, under in samples})
    bars = []
    for rate_hz in sorted({rate for rate, _ in cells}):
        own = [under for rate, under in cells if rate == rate_hz]
        share = max(p99[NODE, rate_hz, under] * rate_hz / 1e4 for under in own)
        ratio = max(p99[NODE, rate_hz, under] / p99[GRANTED, rate_hz, under] for under in own)
        if is_realtime:
            what = f"p99 lateness at {rate_hz} Hz of the period, real-time, worst load"
            bars.append(Bar("L1", what, share, 3.0, 3.0, "%", True))
        else:
            what = f"p99 lateness at {rate_hz} Hz over a bare loop of the same class, worst load"
            bars.append(Bar("L2", what, ratio, 1.5, 1.5, "x", True))
    for under in LOADS[1:]:
        gain = min(p99[TIMER, rate, load] / p99[NODE, rate, load] for rate, load in cells if load == under)
        bars.append(Bar("L3", f"p99 of the rclpy timer over ours, {under}, worst rate", gain, 5.0, 5.0, "x"))
    busy = [key for key in samples if key[0] == NODE and key[2] != LOADS[0]]
    worst, largest = max(p99[key] for key in busy), max(max(samples[key]) for key in busy)
    return [
        *bars,
        Bar("G8", "p99 lateness under load and flood, worst rate", worst / 1e3, 2.0, 2.0, "ms", True),
        Bar("G8", "largest lateness under load and flood", largest / 1e3, 10.0, 10.0, "ms", True),
    ]
