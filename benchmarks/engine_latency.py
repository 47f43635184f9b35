"""Engines side by side on a CPU: INT8 ONNX with 2 steps against torch with 10 and an RDT-style peer.

One run, one thread each, random weights (they do not change the time): a table of stages, the time per chunk
against the peer of the same width and depth, bars R10 to R13 and R17. Floors of an H200 are printed; with a
GPU the goals are measured with torch in bf16 as CUDA graphs.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from _engine_async import async_gain
from _engine_gpu import gpu_report
from _engine_sides import THREADS, Call, Side, few_step_calls, make_side, peer_calls, teacher_calls
from _harness import Bar, Options, Percentiles, Report, alternate, main, median_of
from dexora_train.nano_bundle import nano_checkpoint

TEACHER_STEPS, PEER_STEPS = 10, 5
WARM_RUNS = 5


def measure(options: Options) -> Report:
    """Export, measure every stage in alternating blocks, compare."""
    torch.set_num_threads(THREADS)
    report = Report(notes=list(_NOTES))
    teacher = nano_checkpoint("tiny", head="flow")
    teacher = replace(teacher, recipe=replace(teacher.recipe, steps=TEACHER_STEPS))
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        tiny = make_side(nano_checkpoint("tiny"), Path(folder) / "tiny")
        small = make_side(nano_checkpoint("small"), Path(folder) / "small")
        slow = make_side(teacher, Path(folder) / "teacher")
        calls = {
            **few_step_calls(tiny, "tiny"),
            **few_step_calls(small, "small"),
            **teacher_calls(slow, "tiny"),
            **peer_calls(tiny.checkpoint),
        }
        p50_ms = _measure_all(calls, options, report)
        report.rows = _rows(p50_ms)
        report.bars = _bars(p50_ms, tiny, small)
    _add_async(report, options)
    gpu_report(report, options)
    return report


def _add_async(report: Report, options: Options) -> None:
    ratio, note = async_gain(options)
    report.bars.append(Bar("R17", "replans, async tokens / synchronous vision", ratio, 2.5, 4.0))
    report.notes.append(note)


def _measure_all(calls: Mapping[str, Call], options: Options, report: Report) -> dict[str, float]:
    """Return the median of the blocks' medians of every call [ms]."""
    blocks = {name: lambda call=call: _block_ms(call, options.block_s) for name, call in calls.items()}
    with _no_collector():
        results = alternate(blocks, options.repetitions)
    report.samples = {
        name: [round(value, 4) for block in found for value in block] for name, found in results.items()
    }
    return {
        name: median_of([Percentiles.of(block).p50 for block in found]) for name, found in results.items()
    }


def _block_ms(call: Call, block_s: float) -> list[float]:
    for _ in range(WARM_RUNS):
        call()
    samples, end_s = [], time.perf_counter() + block_s
    while time.perf_counter() < end_s:
        begin = time.perf_counter()
        call()
        samples.append((time.perf_counter() - begin) * 1e3)
    return samples


@contextmanager
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


_WAYS = (
    # Name in the table; runtime; policy; context; steps
    ("ours: INT8 ONNX, 2 steps", "onnx int8", "tiny policy", "tiny context", 2),
    ("ours: fp32 ONNX, 2 steps", "onnx fp32", "tiny policy", "tiny context", 2),
    ("ours: fp32 torch, 2 steps", "torch fp32", "tiny policy", "tiny context", 2),
    ("ours: INT8 ONNX, 10 steps", "onnx int8", "tiny teacher", "tiny context", TEACHER_STEPS),
    ("ours: fp32 torch, 10 steps", "torch fp32", "tiny teacher", "tiny context", TEACHER_STEPS),
    ("RDT-style: fp32 torch, 5 steps", "torch fp32", "peer policy", "peer context", PEER_STEPS),
    ("RDT-style, 1024 language tokens", "torch fp32", "peer 1024 policy", "peer 1024 context", PEER_STEPS),
)


def _rows(ms: Mapping[str, float]) -> list[dict[str, object]]:
    """One row per way to run the tiny size: stages, and what a new chunk from new pictures takes."""
    rows = []
    for label, runtime, policy, context, steps in _WAYS:
        encode, chunk, before = (ms[f"{name} {runtime}"] for name in ("tiny encoder", policy, context))
        language = ms[f"tiny language {runtime.replace('int8', 'fp32')}"]
        rows.append(
            {
                "tiny, 1 thread": label,
                "encode 4 views [ms]": encode,
                "language, once [ms]": language,
                "context [ms]": before,
                "step [ms]": (chunk - before) / steps,
                "chunk on tokens [ms]": chunk,
                "pictures to chunk [ms]": encode + chunk,
            }
        )
    return rows


def _bars(ms: Mapping[str, float], tiny: Side, small: Side) -> list[Bar]:
    ours, see_ours = ms["tiny policy onnx int8"], ms["tiny encoder onnx int8"]
    peer, released, teacher = (
        ms[f"{name} torch fp32"] for name in ("peer policy", "peer 1024 policy", "tiny teacher")
    )
    fewer = ms["tiny teacher onnx int8"] / ours
    int8 = ms["small policy onnx fp32"] / ms["small policy onnx int8"]
    size = small.weight_bytes("policy.onnx") / small.weight_bytes("policy.int8.onnx")
    whole, whole_released, whole_teacher = (
        (ms["tiny encoder torch fp32"] + other) / (see_ours + ours) for other in (peer, released, teacher)
    )
    return [
        Bar("peer", "chunk on given tokens: RDT-style, 5 steps / ours, INT8, 2 steps", peer / ours, 4.0, 5.0),
        Bar("peer, whole", "the same from pictures to chunk", whole, 2.5, 5.0),
        Bar("release, whole", "the same, peer with 1024 language tokens", whole_released, 4.0, 5.0),
        Bar("error", "INT8 chunk against our fp32", tiny.int8_error_percent(), 2.0, 2.0, "%", True),
        Bar("teacher", "pictures to chunk: fp32 torch, 10 steps / ours", whole_teacher, 4.0, 5.0),
        Bar("R10", "small, context and 2 steps: fp32 / INT8", int8, 1.25, 1.5),
        Bar("R11", "small, weight bytes of the policy: fp32 / INT8", size, 3.7, 3.8),
        Bar("R12", "small, INT8 chunk error", small.int8_error_percent(), 3.0, 2.0, "%", True),
        Bar("R13", "tiny on cached tokens, INT8: 10 steps / 2 steps", fewer, 3.0, 4.0),
    ]


_NOTES = (
    "Timers hold one call of an engine, arrays in and arrays out; p50 of a block, median over the blocks.",
    "Context and step of a one-graph policy: the context graph alone, and what is left divided by the steps.",
    "Weights are random and seeded: they do not change the time; the INT8 error of a trained policy is in "
    "its bundle's parity.md. Observations are made up.",
    "The RDT-style peer has our visual tokens and our encoder in torch; the second one pads its language to "
    "1024 tokens as the release deploys it.",
)

if __name__ == "__main__":
    sys.exit(main("engine_latency", __doc__, measure, block_s=(4.0, 0.4)))
