"""Age of what moves the robot: from the cameras' capture to the chunk and to the command, through ROS.

Cameras (four pictures of 320x240, 20 Hz), token encoder, policy and command node, each in a process of its
own, on wall time; beside it the same encoding and inference in one process without ROS. The overhead is what
transport, waiting and scheduling add: median age from capture to chunk against the median of the pure
computation. A chunk is used from the first tick of the command node after it arrived, so capture to command
includes half a tick of 10 ms on average.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Bar, Options, Percentiles, Report, alternate, main, median_of
from token_encoder import environment

WORKER = Path(__file__).with_name("_pipeline_worker.py")
BAR = 1.3
PRESETS = ("small", "tiny")
"""Bundles; the bar is on the first. The second computes for so short a time that transport weighs as much."""
CAMERA_HZ = 20.0
WARM_S = 3.0
PICTURES = {"image_width": 320, "image_height": 240}
NODES: dict[str, dict[str, Any]] = {
    "dexora_control.command_node": {
        "needs_watchdog": False,
        "needs_enable_state": False,
        "needs_clearance": False,
        "startup_timeout_s": 60.0,
    },
    "dexora_perception.token_encoder_node": {**PICTURES, "frozen_motion_rad": 3.0, "max_age_s": 0.5},
    "dexora_policy.policy_node": {
        "unknown_instructions": "accept",
        "token_bound_s": 0.5,
        "patience_s": 60.0,
    },
}
LINKS = ("capture to tokens", "tokens to inference", "inference", "chunk to its listener")


@contextmanager
def running(*words: str) -> Iterator[None]:
    """Run a process for the length of a block."""
    process = subprocess.Popen([sys.executable, *words], env=environment())
    try:
        yield
        process.send_signal(signal.SIGINT)
        process.wait(timeout=15.0)
    finally:
        process.kill()
        process.wait()


def node_words(module: str, parameters: dict[str, Any]) -> list[str]:
    """Return the command line of a node that starts itself."""
    words = ["--ros-args", "--log-level", "fatal", "-p", "autostart:=true"]
    for name, value in parameters.items():
        text = f"'{value}'" if isinstance(value, str) else str(value).lower()
        words += ["-p", f"{name}:={text}"]
    return ["-c", f"import sys; from {module} import main; sys.exit(main())", *words]


def worker(*words: str) -> Any:
    """Run a worker and return what it printed."""
    done = subprocess.run(
        [sys.executable, str(WORKER), *words],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300.0,
    )
    return json.loads(done.stdout.splitlines()[-1])


def through_ros(bundle: Path, block_s: float) -> dict[str, Any]:
    """Run the whole graph for one block and return what its world saw."""
    with ExitStack() as graph:
        graph.enter_context(running(str(WORKER), "cameras", str(CAMERA_HZ), "0"))
        for module, parameters in NODES.items():
            own = {} if "command" in module else {"bundle": str(bundle)}
            graph.enter_context(running(*node_words(module, {**parameters, **own})))
        return dict(worker("world", str(WARM_S), str(block_s)))


def ages_ms(blocks: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Return the ages of all chunks of some blocks by leg [ms]."""
    stamps = np.array([row for block in blocks for row in block["chunks"]], dtype=np.int64).reshape(-1, 5)
    legs = dict(zip(LINKS, (np.diff(stamps, axis=1) / 1e6).T.tolist(), strict=True))
    legs["capture to chunk"] = ((stamps[:, 3] - stamps[:, 0]) / 1e6).tolist()
    return legs


def row(bundle: str, what: str, samples: list[float]) -> dict[str, Any]:
    """Return one row of the table."""
    found = Percentiles.of(samples)
    return {
        "bundle": bundle,
        "leg": what,
        "n": found.n,
        "p50 [ms]": found.p50,
        "p95 [ms]": found.p95,
        "p99 [ms]": found.p99,
    }


def command_row(bundle: str, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the age at the command as the command node publishes it: over its last 200 chunks."""
    told = [block["legs"].get("capture_to_command", [np.nan] * 3) for block in blocks]
    p50, p95, p99 = (1e3 * median_of([values[k] for values in told]) for k in range(3))
    count = sum(len(block["chunks"]) for block in blocks)
    figures = {"p50 [ms]": p50, "p95 [ms]": p95, "p99 [ms]": p99}
    return {"bundle": bundle, "leg": "capture to command", "n": count} | figures


def measure(options: Options) -> Report:
    """Run both sides with every bundle."""
    report = Report()
    with tempfile.TemporaryDirectory() as scratch:
        for preset in PRESETS:
            bundle = Path(scratch) / preset
            words = ["-m", "dexora_train.nano_bundle", "--preset", preset, "--out", str(bundle)]
            subprocess.run([sys.executable, *words], check=True, env=environment(), stdout=subprocess.DEVNULL)
            runs = 20 if options.quick else 200
            found = alternate(
                {
                    "pure": lambda bundle=bundle, runs=runs: worker("pure", str(bundle), str(runs)),
                    "ros": lambda bundle=bundle: through_ros(bundle, options.block_s),
                },
                options.repetitions,
            )
            add(report, preset, found)
    report.notes = [
        "random weights: the arithmetic is that of trained ones; one thread per node; INT8 is not used",
        "capture is the stamp taken before the four pictures are published, chunk the end of the inference",
        f"{time.strftime('%Y-%m-%d')}; capture to command as `dexora/command/status` has it",
    ]
    return report


def add(report: Report, preset: str, found: dict[str, list[Any]]) -> None:
    """Add what was found with one bundle."""
    pure = [value for block in found["pure"] for value in block]
    legs = ages_ms(found["ros"])
    report.rows.append(row(preset, "pure computation, no ROS", pure))
    report.rows += [row(preset, leg, samples) for leg, samples in legs.items()]
    inside = [value for block in found["ros"] for value in block["inside"]]
    report.rows.append(row(preset, "stages inside the inference", inside))
    report.rows.append(command_row(preset, found["ros"]))
    seconds = sum(block["seconds"] for block in found["ros"])
    report.rows.append(row(preset, "chunks per second", []) | {"p50 [ms]": len(legs[LINKS[0]]) / seconds})
    report.samples[preset] = {"pure": pure, **legs}
    ratio = float(np.median(legs["capture to chunk"]) / np.median(pure)) if legs[LINKS[0]] else np.nan
    report.rows.append(row(preset, "capture to chunk / pure [x]", []) | {"p50 [ms]": ratio})
    if preset == PRESETS[0]:
        report.bars.append(Bar("age", f"capture to chunk / pure, p50, {preset}", ratio, BAR, BAR, "x", True))


if __name__ == "__main__":
    sys.exit(main("pipeline_age", __doc__, measure))
