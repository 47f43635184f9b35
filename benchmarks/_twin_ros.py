"""The twin as ROS sees it, for its benchmark: its node, a listener and a load, in a process each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dexora_ros.transport import transport_environment

WORKER = Path(__file__).with_name("_twin_worker.py")
LEAD_S = 2.0
EXIT_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Condition:
    """How the twin's node is started.

    Attributes:
        size: Height and width of each of four pictures, or None for no cameras.
        realtime_factor: Speed asked for; 0 is as fast as it goes.
    """

    size: tuple[int, int] | None
    realtime_factor: float

    @property
    def pictures(self) -> str:
        """Size of the pictures in words."""
        return "no pictures" if self.size is None else f"{self.size[0]}x{self.size[1]}"


CONDITIONS = {
    "twin_node at 1x, no cameras": Condition(None, 1.0),
    "twin_node at 1x, four cameras": Condition((96, 96), 1.0),
    "twin_node unpaced, four cameras": Condition((96, 96), 0.0),
}


PICTURES_PER_SIMULATED_S = 80.0


@dataclass(frozen=True)
class Block:
    """What one block measured.

    Attributes:
        factor: Simulated by wall time.
        pictures_per_s: Pictures that arrived, per wall second.
        latencies_ms: From a joint state's being read, right after the physics step whose end its stamp names,
            to the first line of the callback in another process [ms].
    """

    factor: float
    pictures_per_s: float
    latencies_ms: list[float]

    @property
    def speed(self) -> float:
        """Highest speed, x real time, at which neither the world nor the four cameras would fall behind."""
        return min(self.factor, self.pictures_per_s / PICTURES_PER_SIMULATED_S)


def run_block(condition: Condition, block_s: float) -> Block:
    """Start the node and its neighbours, measure, and end them."""
    environment = {**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", **transport_environment()}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    roles = (("twin", *_arguments(condition)), ("listen",), ("load",))
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(
            [sys.executable, str(WORKER), *words], stdin=pipe, stdout=pipe, text=True, env=environment
        )
        for words in roles
    ]
    try:
        heard, seen = _measured(processes[1:], block_s)
        processes[0].send_signal(signal.SIGINT)
        published = dict(_result(processes[0], EXIT_TIMEOUT_S)["published"])
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return _block(heard, published, seen["pictures"] / block_s)


def _arguments(condition: Condition) -> list[str]:
    height, width = condition.size or (0, 0)
    parameters = {
        "autostart": "true",
        "task": "lift",
        "image_width": width,
        "image_height": height,
        "camera_rate_hz": 20.0 if condition.size else 0.0,
        "realtime_factor": condition.realtime_factor,
    }
    pairs = [("-p", f"{name}:={value}") for name, value in parameters.items()]
    return ["--ros-args", "--log-level", "error", *(word for pair in pairs for word in pair)]


def _measured(workers: list[subprocess.Popen[str]], block_s: float) -> list[dict[str, Any]]:
    for worker in workers:
        assert worker.stdout
        if (line := worker.stdout.readline()) != "ready\n":
            raise RuntimeError(f"the worker {worker.args} said {line!r} instead of ready; its error is above")
    start_ns = time.monotonic_ns() + round(LEAD_S * 1e9)
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(f"{start_ns} {start_ns + round(block_s * 1e9)}\n")
        worker.stdin.flush()
    return [_result(worker, LEAD_S + block_s + EXIT_TIMEOUT_S) for worker in workers]


def _result(process: subprocess.Popen[str], timeout_s: float) -> dict[str, Any]:
    output, _ = process.communicate(timeout=timeout_s)
    if not output:
        raise RuntimeError(f"{process.args} ended with code {process.returncode} and no result")
    return json.loads(output.splitlines()[-1])


def _block(heard: dict[str, Any], published_ns: dict[int, int], pictures_per_s: float) -> Block:
    arrival_ns, stamp_ns = heard["arrival_ns"], heard["stamp_ns"]
    if len(arrival_ns) < 2:
        raise RuntimeError("the twin sent fewer than two joint states; its error is above")
    factor = (stamp_ns[-1] - stamp_ns[0]) / (arrival_ns[-1] - arrival_ns[0])
    latencies_ms = [
        (arrival - published_ns[stamp]) * 1e-6 for arrival, stamp in zip(arrival_ns, stamp_ns, strict=True)
    ]
    return Block(factor, pictures_per_s, latencies_ms)
