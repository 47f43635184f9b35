"""The command path: lateness of its ticks beside a bare loop and an rclpy timer, cost, and splices.

Lateness: the real command node on the twin at 100, 250 and 500 Hz, idle, with two processes that burn a core
each, and beside a flood of 1 MB messages, against a process that only sleeps to absolute times and a plain
rclpy timer under the same load. Cost: one `CommandPath.tick` and one chunk, 36 joints in motion. Motion: the
five strategies on the same chunks, observed and delivered with a delay of 0 to 400 ms and noise between them:
largest acceleration and jerk of what leaves the gate, time at rest, and distance from the motion meant.
Reaction: from a fault to the robot at rest, in ticks of injected time. `tests/faults` measures processes.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from _harness import Bar, Options, Report, main

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src/dexora_core/test"), str(ROOT)]

from dexora_core.strategies.registry import STRATEGIES  # noqa: E402
from path_cases import CONTRACT, MS, NAMES, TICK, Loop, sway  # noqa: E402

LOADS = ("idle", "burners", "flood 1 MB")
RATES_HZ = (100, 250, 500)
DELAYS_MS = (0, 50, 100, 200, 400)
STEP_NS, PERIOD_NS = 50 * MS, 200 * MS
_LOOPS = [sys.executable, str(Path(__file__).with_name("_command_loops.py"))]


def figures(samples: Sequence[float]) -> dict[str, float]:
    """Return p50, p99, p99.9 and the largest of some samples."""
    p50, p99, p999 = np.percentile(samples, (50, 99, 99.9)) if len(samples) else (np.nan,) * 3
    largest = float(np.max(samples)) if len(samples) else np.nan
    return {"p50": float(p50), "p99": float(p99), "p99.9": float(p999), "max": largest}


@contextmanager
def load(kind: str, seconds: float) -> Iterator[None]:
    """Keep the machine busy for the time of a block."""
    arguments = {"idle": [], "burners": [["burn", str(seconds)]] * 2, "flood 1 MB": [["flood", str(seconds)]]}
    running = [subprocess.Popen(_LOOPS + one) for one in arguments[kind]]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def lateness_of(kind: str, rate_hz: int, seconds: float, under: str) -> list[float]:
    """Return the lateness [us] of a loop that is not the command node."""
    with load(under, seconds + 10.0):
        time.sleep(1.0)
        command = [*_LOOPS, kind, str(rate_hz), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60.0)
    return list(json.loads(done.stdout))


def lateness_of_node(rate_hz: int, seconds: float, under: str) -> tuple[list[float], list[float], str]:
    """Return lateness and duration [us] of the command node's ticks on the twin, and its scheduling."""
    from tests.faults.robot import Robot  # noqa: PLC0415 - starts a context

    log = ROOT / "build" / "command_ticks.npz"
    log.unlink(missing_ok=True)
    robot = Robot()
    try:
        robot.start("twin", "watchdog", "policy")
        robot.start("command", command={"rate_hz": float(rate_hz), "tick_log": str(log)})
        robot.up()
        robot.recover()
        robot.move()
        scheduling = robot.statuses[-1].scheduling
        with load(under, seconds + 20.0):
            end_s = time.monotonic() + seconds + 1.0
            robot.until(lambda: time.monotonic() > end_s, seconds + 30.0)
            robot.processes["command"].send_signal(signal.SIGINT)
            robot.processes.pop("command").wait(timeout=20.0)
    finally:
        robot.close()
    content = np.load(log)
    count = round(seconds * rate_hz)
    return (
        (content["lateness"][-count:] / 1e3).tolist(),
        (content["duration"][-count:] / 1e3).tolist(),
        scheduling,
    )


def lateness_rows(options: Options, report: Report) -> None:
    """Measure all loops under all loads, one after the other in turn."""
    for rate_hz in RATES_HZ[:1] if options.quick else RATES_HZ:
        for under in LOADS:
            sides: dict[str, list[float]] = {"bare loop": [], "rclpy timer": [], "command_node": []}
            durations: list[float] = []
            for _ in range(options.repetitions):
                sides["bare loop"] += lateness_of("bare", rate_hz, options.block_s, under)
                sides["rclpy timer"] += lateness_of("timer", rate_hz, options.block_s, under)
                late, spent, scheduling = lateness_of_node(rate_hz, options.block_s, under)
                sides["command_node"] += late
                durations += spent
            for side, samples in sides.items():
                name = f"{side} ({scheduling})" if side == "command_node" else side
                row = {"what": f"lateness, {rate_hz} Hz, {under}", "side": name, "unit": "us"}
                report.rows.append(row | {"n": len(samples)} | figures(samples))
                report.samples[f"{side} {rate_hz} {under}"] = samples
            row = {"what": f"tick duration, {rate_hz} Hz, {under}", "side": "command_node", "unit": "us"}
            report.rows.append(row | {"n": len(durations)} | figures(durations))
    late = (
        report.samples.get("command_node 100 burners", []),
        report.samples.get("command_node 100 flood 1 MB", []),
    )
    worst = max(figures(samples)["p99"] for samples in late) / 1e3
    report.bars.append(Bar("G8", "p99 lateness at 100 Hz under load and flood", worst, 2.0, 0.5, "ms", True))


def cost_rows(options: Options, report: Report) -> None:
    """Measure one tick and one chunk of the pure path with all joints in motion."""
    loop, ticks, chunks = Loop(), [], []
    loop.tick(2)
    loop.path.acquire(loop.now, "policy", "policy_node")
    for k in range(500 if options.quick else 5000):
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
    for what, samples in (("cost of a tick", ticks), ("cost of a chunk", chunks)):
        report.rows.append(
            {"what": what, "side": "CommandPath", "unit": "us", "n": len(samples)} | figures(samples)
        )
    report.bars.append(
        Bar("G7", "p50 of a tick, share of 10 ms", figures(ticks)["p50"] / 100.0, 10.0, 5.0, "%", True)
    )


def offsets_of(committed: np.ndarray, start_ns: int, noise: np.ndarray) -> np.ndarray:
    """Return by how much a chunk differs from the motion meant, shape (32, J) [rad].

    A policy that is conditioned on the committed prefix repeats it, and leaves it for its own opinion, which
    differs by `noise` from chunk to chunk, in the following half second.
    """
    offsets = np.repeat(noise[None], 32, axis=0)
    count = len(committed)
    if count:
        times = start_ns * 1e-9 + 0.05 * np.arange(count)
        offsets[:count] = committed - np.array([sway(t) for t in times])
        share = np.clip((np.arange(32 - count) + 1) / 10, 0.0, 1.0)[:, None]
        share = share * share * (3 - 2 * share)
        offsets[count:] = (1 - share) * offsets[count - 1] + share * noise
    return offsets


def drive(strategy: str, delay_ms: int, seconds: float) -> dict[str, float]:
    """Let a policy with a delay and noise between chunks drive the path; judge what leaves the gate."""
    loop, noise = Loop(strategy=strategy, min_buffered_ns=0), np.random.default_rng(7)
    loop.tick(2)
    loop.path.acquire(loop.now, "policy", "policy_node")
    pending: list[tuple[int, int, np.ndarray]] = []
    states, meant = [], []
    prefix = delay_ms // 50 + 3
    begun = -PERIOD_NS
    for _ in range(round(seconds * 100)):
        while pending and pending[0][0] <= loop.now:
            _, begin, offsets = pending.pop(0)

            def noisy(t: float, begin: int = begin, offsets: np.ndarray = offsets) -> np.ndarray:
                return sway(t) + offsets[round((t * 1e9 - begin) / STEP_NS)]

            loop.chunk("policy", noisy, delay=loop.now - begin, prefix_steps=prefix)
        if not pending and loop.now - begun >= PERIOD_NS:  # one inference after the other
            begun = loop.now
            committed = loop.path.timeline.committed(loop.now, STEP_NS, prefix)
            offsets = offsets_of(committed, loop.now, noise.normal(0.0, 0.01, len(NAMES)))
            if strategy != "prefix":
                offsets = np.repeat(offsets[-1:], len(offsets), axis=0)
            pending.append((loop.now + delay_ms * MS, loop.now, offsets))
        loop.path.supervision.heard(loop.now, "policy", loop.now)
        states.append(loop.tick().state)
        meant.append(sway((loop.now) * 1e-9))
    moving = np.array(states)[100:]
    limits = loop.path.limits
    jerk = np.diff(moving[:, 2], axis=0) / 0.01
    return {
        "acceleration": float((np.abs(moving[:, 2]) / limits.acceleration).max()),
        "jerk rms": float(np.sqrt(((jerk / limits.jerk) ** 2).mean())),
        "at rest": float((np.abs(moving[:, 1]).max(axis=1) < 1e-3).mean()),
        "error": float(np.abs(moving[:, 0] - np.array(meant)[100:]).mean()),
    }


def motion_rows(options: Options, report: Report) -> None:
    """Drive every strategy with every delay."""
    seconds = 4.0 if options.quick else 20.0
    results: dict[tuple[str, int], dict[str, float]] = {}
    for strategy in STRATEGIES:
        for delay_ms in DELAYS_MS:
            found = results[strategy, delay_ms] = drive(strategy, delay_ms, seconds)
            report.notes.append(
                f"{strategy} at {delay_ms} ms: acceleration {found['acceleration']:.2f} of its limit,"
                f" jerk rms {found['jerk rms']:.3f} of its limit,"
                f" at rest {found['at rest'] * 100:.0f} % of the time,"
                f" {found['error'] * 1e3:.1f} mrad from the motion meant"
            )
    report.samples["motion"] = {f"{name} {delay}": found for (name, delay), found in results.items()}
    ratio = results["prefix", 200]["jerk rms"] / max(results["queue", 200]["jerk rms"], 1e-9)
    report.bars.append(Bar("C1", "jerk rms of prefix against queue at 200 ms", ratio, 1.0, 0.7, "x", True))
    report.notes.append("chunks differ by 10 mrad of noise; only the policy of `prefix` is given the prefix")


def reaction_rows(options: Options, report: Report) -> None:
    """Time from a fault to rest in injected time, over random phases."""
    runs = 5 if options.quick else 50
    for name, silence in (("policy silent", "policy"), ("joint states silent", "joints")):
        times = []
        for run in range(runs):
            loop = Loop()
            loop.tick(2)
            loop.path.acquire(loop.now, "policy", "policy_node")
            loop.tick(100 + 7 * run % 90, policy=sway)
            begin = loop.now
            loop.silent = set(CONTRACT.group_names) if silence == "joints" else set()
            while loop.last.is_moving or loop.now == begin:
                loop.tick(policy=None if silence == "policy" else sway)
            times.append((loop.now - begin) / MS)
        row = {"what": f"{name} to rest", "side": "CommandPath", "unit": "ms", "n": runs}
        report.rows.append(row | figures(times))
        bar = 600.0 if silence == "policy" else 300.0
        report.bars.append(
            Bar(
                "G4" if silence == "policy" else "G5", f"{name} to rest", max(times), bar, bar / 2, "ms", True
            )
        )


def measure(options: Options) -> Report:
    """Measure everything."""
    report = Report()
    cost_rows(options, report)
    motion_rows(options, report)
    reaction_rows(options, report)
    lateness_rows(options, report)
    report.notes.append("lateness of the rclpy timer is counted from its earliest phase in the block")
    return report


if __name__ == "__main__":
    sys.exit(main("command_path", __doc__, measure, block_s=(20.0, 4.0), repetitions=(3, 1)))
