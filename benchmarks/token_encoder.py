"""The token encoder under four cameras of 640x480 at 30 Hz: what it encodes, how old that is, what it costs.

The peer takes the same bundle, engine and resizing, but what a synchroniser gives: a queue of ten per camera,
every complete set encoded in its order. As soon as an encoding takes longer than a camera period, its queues
fill and it encodes the past. An encoding is stale when a newer picture of one of its views had been published
a whole camera period before it began. One thread each; blocks alternate; bundles have random weights.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Bar, Options, Percentiles, Report, alternate, main, median_of
from _perception_worker import RATE_HZ, SHAPE
from dexora_perception.preprocess import resize_into
from dexora_ros.transport import transport_environment
from transport import LEAD_S, cpu_seconds
from transport import _expect_ready as expect_ready
from transport import _result as result_of
from transport import _tell as tell

WORKER = Path(__file__).with_name("_perception_worker.py")
# The default of a robot without a GPU, and one that takes longer than a camera period on such a CPU.
PRESETS = ("tiny", "small")
# Transport of a picture takes 2 to 5 ms on a quiet machine: one that left this long before had arrived.
ALLOWANCE_NS = round(1e9 / RATE_HZ)
MAX_RATE_HZ = 60.0
_NODE = "import sys; from dexora_perception.token_encoder_node import main; sys.exit(main())"


@dataclass(frozen=True)
class Block:
    """What one block measured.

    Attributes:
        rate_hz: Encodings per second.
        stale: Encodings of a picture although a newer one was there.
        encodes: Encodings.
        missing_views: Views that were absent, over all encodings.
        start_ages_ms: Age of the oldest capture when encoding began [ms].
        arrival_ages_ms: The same when the tokens arrived in another process [ms].
        encode_ms: Duration of encoding, resizing included [ms].
        cpu: CPU of the encoder's process in percent of one core.
    """

    rate_hz: float
    stale: int
    encodes: int
    missing_views: int
    start_ages_ms: list[float]
    arrival_ages_ms: list[float]
    encode_ms: list[float]
    cpu: float


def environment() -> dict[str, str]:
    """Return what every process of a block gets."""
    shared = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "OMP_NUM_THREADS": "1"}
    path = {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    return {**os.environ, **transport_environment(), **shared, **path}


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process for the length of a block; it is interrupted at the end."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, *words], stdin=pipe, stdout=pipe, text=True, env=environment()
    )
    try:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10.0)
    finally:
        process.kill()
        process.wait()


def encoder_words(side: str, bundle: Path) -> list[str]:
    """Return the command line of one side."""
    if side == "queued":
        return [str(WORKER), "queued", str(bundle)]
    settings = {"autostart": "true", "bundle": bundle, "max_rate_hz": MAX_RATE_HZ, "max_age_s": 5.0}
    assignments = [word for name, value in settings.items() for word in ("-p", f"{name}:={value}")]
    return ["-c", _NODE, "--ros-args", "--log-level", "error", *assignments]


def run_block(side: str, bundle: Path, block_s: float) -> Block:
    """Start an encoder, four cameras and a listener, measure, and end them."""
    with (
        started(*encoder_words(side, bundle)) as encoder,
        started(str(WORKER), "cameras") as cameras,
        started(str(WORKER), "tokens") as listener,
    ):
        for worker in (cameras, listener):
            expect_ready(worker)
        start_ns = time.monotonic_ns() + round(LEAD_S * 1e9)
        for worker in (cameras, listener):
            tell(worker, f"{start_ns} {start_ns + round(block_s * 1e9)}")
        time.sleep(LEAD_S)
        cpu_before = cpu_seconds(encoder.pid)
        time.sleep(block_s)
        cpu = 100.0 * (cpu_seconds(encoder.pid) - cpu_before) / block_s
        published, received = (result_of(worker) for worker in (cameras, listener))
    return evaluate(published["stamps_ns"], received["rows"], block_s, cpu)


def evaluate(published_ns: list[int], rows: list[list[Any]], block_s: float, cpu: float) -> Block:
    """Compare what was encoded with what had been published by then.

    Args:
        published_ns: Stamps at which all cameras published, in order [ns].
        rows: Stamps of the views, start and end of encoding, arrival [ns].
        block_s: Length of the measured time [s].
        cpu: CPU of the encoder.
    """
    if not rows:
        raise RuntimeError("no tokens arrived; the encoder's error is above")
    known = np.array(published_ns)
    stale = sum(
        bool((known[known <= start_ns - ALLOWANCE_NS] > min(stamps)).any()) for stamps, start_ns, *_ in rows
    )
    return Block(
        rate_hz=len(rows) / block_s,
        stale=stale,
        encodes=len(rows),
        missing_views=sum(4 - len(stamps) for stamps, *_ in rows),
        start_ages_ms=[(start_ns - min(stamps)) / 1e6 for stamps, start_ns, *_ in rows],
        arrival_ages_ms=[(arrival_ns - min(stamps)) / 1e6 for stamps, _, _, arrival_ns in rows],
        encode_ms=[(end_ns - start_ns) / 1e6 for _, start_ns, end_ns, _ in rows],
        cpu=cpu,
    )


def resize_ms(size: int, repetitions: int) -> list[float]:
    """Time the resizing of one picture [ms]."""
    picture = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    square = np.empty((size, size, 3), np.uint8)
    durations = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        resize_into(picture, square)
        durations.append((time.perf_counter() - begin) * 1e3)
    return durations


def make_bundles(directory: Path) -> dict[str, Path]:
    """Write the bundles in a process of their own: nothing here imports torch."""
    for preset in PRESETS:
        words = ["-m", "dexora_train.nano_bundle", "--preset", preset, "--out", str(directory / preset)]
        subprocess.run([sys.executable, *words], check=True, env=environment(), stdout=subprocess.DEVNULL)
    return {preset: directory / preset for preset in PRESETS}


def measure(options: Options) -> Report:
    """Run both sides with every bundle."""
    report = Report()
    results: dict[str, dict[str, list[Block]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for preset, bundle in make_bundles(Path(scratch)).items():
            jobs = {
                side: (lambda side=side, bundle=bundle: run_block(side, bundle, options.block_s))
                for side in ("queued", "dexora")
            }
            results[preset] = alternate(jobs, options.repetitions)
            for side, blocks in results[preset].items():
                report.rows.append(_row(preset, side, blocks))
                report.samples[f"{preset}, {side}"] = [vars_of(block) for block in blocks]
    resizing = resize_ms(96, 20 if options.quick else 300)
    report.samples["resize to 96"] = resizing
    report.bars = _bars(results, resizing)
    report.notes = [
        f"four cameras of {SHAPE[1]}x{SHAPE[0]} at {RATE_HZ:g} Hz in one process; the encoder may run at "
        f"{MAX_RATE_HZ:g} Hz, so that the cameras or the machine bound it",
        "ages run from the stamp taken before publishing to the listener's callback in another process",
    ]
    return report


def vars_of(block: Block) -> dict[str, Any]:
    """Return a block for the archive."""
    return {name: getattr(block, name) for name in Block.__dataclass_fields__}


def _row(preset: str, side: str, blocks: list[Block]) -> dict[str, Any]:
    start = Percentiles.of([age for block in blocks for age in block.start_ages_ms])
    arrival = Percentiles.of([age for block in blocks for age in block.arrival_ages_ms])
    encode = Percentiles.of([value for block in blocks for value in block.encode_ms])
    return {
        "bundle": preset,
        "side": side,
        "encodes/s": median_of([block.rate_hz for block in blocks]),
        "stale": f"{sum(block.stale for block in blocks)}/{sum(block.encodes for block in blocks)}",
        "views missing": sum(block.missing_views for block in blocks),
        "encode p50 ms": encode.p50,
        "p99 ms": encode.p99,
        "age at start p50 ms": start.p50,
        "p99 ms ": start.p99,
        "age at arrival p50 ms": arrival.p50,
        "p95 ms": arrival.p95,
        "p99 ms  ": arrival.p99,
        "CPU %": median_of([block.cpu for block in blocks]),
    }


def _bars(results: dict[str, dict[str, list[Block]]], resizing: list[float]) -> list[Bar]:
    ours = [block for sides in results.values() for block in sides["dexora"]]
    rate_hz = median_of([block.rate_hz for block in results["tiny"]["dexora"]])
    stale = float(sum(block.stale for block in ours))
    return [
        Bar("stale", "encodings of a picture although a newer one was there", stale, 0.0, 0.0, "", True),
        Bar("rate", "encodings per second of four 30 Hz cameras, tiny", rate_hz, 27.0, 29.5, "Hz"),
        Bar("resize", "640x480 to 96, one picture", float(np.median(resizing)), 2.0, 1.0, "ms", True),
    ]


if __name__ == "__main__":
    sys.exit(main("token_encoder", __doc__, measure))
