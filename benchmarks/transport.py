"""Transport, executors and message filling: ROS 2's defaults against dexora's, side by side in one run.

Bars R1 to R6 and R9: latency and delivery of 921,600-byte images and 1.18 MB tokens at 30 Hz, CPU of their
subscriber, CPU and latency of a receiver of 250 Hz commands with 0 and 20 idle subscriptions, and the cost of
filling an image message. Two processes per block, blocks alternate between the sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Bar, Options, Percentiles, Report, alternate, main, median_of
from _transport_worker import IMAGE_SHAPE, Plan
from dexora_ros.buffers import fill_image
from dexora_ros.transport import transport_environment
from sensor_msgs.msg import Image

WORKER = Path(__file__).with_name("_transport_worker.py")
IMAGE_RATE_HZ = 30.0
COMMAND_RATE_HZ = 250.0
EXTRA_SUBSCRIPTIONS = 20
# The publisher begins a second before the measured time: the first messages grow the heap.
LEAD_S = 1.5
# A worker ends half a second after its last message; one that hangs on its way out is killed after this.
EXIT_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        payload: `image`, `tokens` or `command`.
        reliable: Reliability of both ends.
        has_profile: True: environment of `transport_environment`.
        executor: `single_threaded` or `dexora`.
        extra_subscriptions: Idle subscriptions of the subscriber.
    """

    payload: str
    reliable: bool
    has_profile: bool
    executor: str
    extra_subscriptions: int = 0


@dataclass(frozen=True)
class Block:
    """What one block measured.

    Attributes:
        sent: Messages published in the measured time.
        latencies_ms: One value per message received [ms].
        subscriber_cpu: CPU of the subscriber in percent of one core.
        executor: Class of the subscriber's executor.
    """

    sent: int
    latencies_ms: list[float]
    subscriber_cpu: float
    executor: str


SIDES: dict[str, dict[str, Side]] = {
    "image reliable": {
        "default": Side("image", True, False, "single_threaded"),
        "dexora": Side("image", True, True, "dexora"),
    },
    "image best effort": {
        "default": Side("image", False, False, "single_threaded"),
        "dexora": Side("image", False, True, "dexora"),
    },
    "tokens reliable": {
        "default": Side("tokens", True, False, "single_threaded"),
        "dexora": Side("tokens", True, True, "dexora"),
    },
    "command": {
        "default": Side("command", True, True, "single_threaded"),
        "dexora": Side("command", True, True, "dexora"),
    },
    "command, 20 idle subscriptions": {
        "default": Side("command", True, True, "single_threaded", EXTRA_SUBSCRIPTIONS),
        "dexora": Side("command", True, True, "dexora", EXTRA_SUBSCRIPTIONS),
    },
}


def environment(has_profile: bool) -> dict[str, str]:
    """Return the environment of a block: the user's, with or without what the launch files add."""
    ours = transport_environment({})
    base = {name: value for name, value in os.environ.items() if name not in ours}
    base["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    return base | (ours if has_profile else {})


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all threads of a process, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) * 1e-9


def run_block(side: Side, block_s: float) -> Block:
    """Start a subscriber and a publisher, measure, and wait for both."""
    rate_hz = COMMAND_RATE_HZ if side.payload == "command" else IMAGE_RATE_HZ
    plan = Plan(side.payload, side.reliable, rate_hz, side.executor, side.extra_subscriptions)
    processes = [_start(role, plan, side.has_profile) for role in ("subscribe", "publish")]
    try:
        for process in processes:
            _expect_ready(process)
        start_ns = time.monotonic_ns() + round(LEAD_S * 1e9)
        end_ns = start_ns + round(block_s * 1e9)
        for process in processes:
            _tell(process, f"{start_ns} {end_ns}")
        _sleep_until(start_ns)
        cpu_before = cpu_seconds(processes[0].pid)
        _sleep_until(end_ns)
        cpu_after = cpu_seconds(processes[0].pid)
        received, published = (_result(process) for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    cpu = 100.0 * (cpu_after - cpu_before) / block_s
    return Block(published["sent"], received["latencies_ms"], cpu, received["executor"])


def _start(role: str, plan: Plan, has_profile: bool) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), role, plan.to_json()]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment(has_profile))


def _expect_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    line = process.stdout.readline()
    if line != "ready\n":
        raise RuntimeError(f"the worker {process.args} said {line!r} instead of ready; its error is above")


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _sleep_until(due_ns: int) -> None:
    time.sleep(max(0.0, (due_ns - time.monotonic_ns()) * 1e-9))


def _result(process: subprocess.Popen[str]) -> dict[str, Any]:
    try:
        output, _ = process.communicate(timeout=EXIT_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    if not output:
        raise RuntimeError(f"the worker {process.args} ended with code {process.returncode} and no result")
    return json.loads(output.splitlines()[-1])


def fill_costs_ms(repetitions: int) -> tuple[list[float], list[float]]:
    """Time numpy assignment and the in-place helper on a 921,600-byte image [ms], alternating."""
    pixels = np.random.default_rng(0).integers(0, 256, IMAGE_SHAPE, dtype=np.uint8)
    assigned, filled = Image(), fill_image(Image(), pixels, "rgb8", 0, "camera")
    slow: list[float] = []
    fast: list[float] = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        assigned.data = pixels.reshape(-1)
        middle = time.perf_counter()
        fill_image(filled, pixels, "rgb8", 0, "camera")
        fast.append((time.perf_counter() - middle) * 1e3)
        slow.append((middle - begin) * 1e3)
    assert bytes(assigned.data) == bytes(filled.data)
    return slow, fast


def measure(options: Options) -> Report:
    """Run all comparisons."""
    report = Report()
    blocks = {}
    for stream, sides in SIDES.items():
        jobs = {name: (lambda side=side: run_block(side, options.block_s)) for name, side in sides.items()}
        blocks[stream] = alternate(jobs, options.repetitions)
        for name, results in blocks[stream].items():
            report.rows.append(_row(stream, name, results))
            report.samples[f"{stream}, {name}"] = [block.latencies_ms for block in results]
    slow, fast = fill_costs_ms(5 if options.quick else 50)
    report.samples["fill"] = {"numpy assignment": slow, "in place": fast}
    report.bars = _bars(blocks, slow, fast)
    report.notes = [
        "latency runs from the publish() call to the first line of the callback, in another process",
        "default: no environment, SingleThreadedExecutor; dexora: transport_environment() and the probed "
        "executor; both sides of the command rows use the profile, so that they differ in the executor only",
        "ratios compare the medians of the blocks' medians",
    ]
    return report


def _row(stream: str, side: str, results: list[Block]) -> dict[str, Any]:
    latencies = Percentiles.of([value for block in results for value in block.latencies_ms])
    return {
        "stream": stream,
        "side": side,
        "executor": results[0].executor,
        "received": f"{latencies.n}/{sum(block.sent for block in results)}",
        "p50 ms": latencies.p50,
        "p95 ms": latencies.p95,
        "p99 ms": latencies.p99,
        "max ms": latencies.max,
        "sub CPU %": median_of([block.subscriber_cpu for block in results]),
    }


def _p50(results: list[Block]) -> float:
    return median_of([Percentiles.of(block.latencies_ms).p50 for block in results])


def _cpu(results: list[Block]) -> float:
    return median_of([block.subscriber_cpu for block in results])


def _bars(blocks: dict[str, dict[str, list[Block]]], slow: list[float], fast: list[float]) -> list[Bar]:
    def ratio(stream: str, quantity: Any) -> float:
        return quantity(blocks[stream]["default"]) / quantity(blocks[stream]["dexora"])

    delivered = blocks["image best effort"]["dexora"]
    delivery = 100.0 * sum(len(b.latencies_ms) for b in delivered) / sum(b.sent for b in delivered)
    idle = "command, 20 idle subscriptions"
    return [
        Bar("R1", "image latency p50, default / dexora", ratio("image reliable", _p50), 2.5, 5.0),
        Bar("R2", "token latency p50, default / dexora", ratio("tokens reliable", _p50), 5.0, 10.0),
        Bar("R3", "best-effort images delivered by dexora", delivery, 99.0, 99.9, "%"),
        Bar("R4", "image subscriber CPU, default / dexora", ratio("image reliable", _cpu), 1.5, 2.0),
        Bar("R5", "command receiver CPU, STE / dexora", ratio("command", _cpu), 1.7, 2.5),
        Bar("R5 +20", "the same with 20 idle subscriptions", ratio(idle, _cpu), 2.5, 4.0),
        Bar("R6", "command latency p50, STE / dexora", ratio("command", _p50), 1.1, 1.3),
        Bar("R9", "image fill, numpy / in place", float(np.median(slow) / np.median(fast)), 50.0, 100.0),
    ]


if __name__ == "__main__":
    sys.exit(main("transport", __doc__, measure))
