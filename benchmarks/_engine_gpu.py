"""GPU goals: floors of an H200 where there is none, measured with CUDA graphs in bf16 where there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from _harness import Bar, Options, Percentiles, Report
from dexora_perception.model import VisualEncoder
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import Policy
from dexora_policy.model import preset as policy_preset
from dexora_train.export.graphs import GraphSpec, encoder_spec, policy_specs

from dexora_engines import Signature, TensorSpec, open_engine

RUNS, QUICK_RUNS = 500, 50


@dataclass(frozen=True)
class Goal:
    """A latency on an H200, host to host, and its roofline.

    Attributes:
        name: What is measured.
        preset: Size of the model.
        graph: Which graph of it.
        floor_ms: Roofline at 790 TFLOP/s and 4.3 TB/s [ms].
        goal_ms: What we aim at [ms].
    """

    name: str
    preset: str
    graph: str
    floor_ms: float
    goal_ms: float


GOALS = (
    Goal("3 x ViT-H/14 encode", "article", "encoder", 1.27, 3.0),
    Goal("4 x DINOv2-B/14 encode", "base", "encoder", 0.24, 1.2),
    Goal("4 x DINOv2-L/14 encode", "full", "encoder", 0.82, 2.0),
    Goal("context and 2 steps, article", "article", "policy", 0.20, 1.3),
    Goal("context and 2 steps, base", "base", "policy", 0.05, 1.3),
    Goal("context and 2 steps, full", "full", "policy", 0.20, 1.3),
)


def gpu_report(report: Report, options: Options) -> None:
    """Add floors or measurements to a report."""
    if not torch.cuda.is_available():
        report.notes.append("No GPU here: floors of an H200 (bf16, roofline) and goals, nothing measured:")
        report.notes += [
            f"  {goal.name}: floor {goal.floor_ms:g} ms, goal {goal.goal_ms:g} ms" for goal in GOALS
        ]
        return
    runs = QUICK_RUNS if options.quick else RUNS
    for goal in GOALS:
        eager, graph, int8 = (_measure_ms(goal, runs, *way) for way in _WAYS)
        report.notes.append(
            f"{goal.name}: CUDA graph bf16 p50 {graph.p50:.3g} p99 {graph.p99:.3g} ms, eager bf16 p50 "
            f"{eager.p50:.3g} ms, INT8 (torchao) p50 {int8.p50:.3g} ms; floor {goal.floor_ms:g} ms"
        )
        report.bars.append(
            Bar("GPU", f"{goal.name}, bf16 CUDA graph", graph.p50, goal.goal_ms, goal.goal_ms, "ms", True)
        )


_WAYS = (("bf16", False), ("bf16", True), ("int8", True))


def _measure_ms(goal: Goal, runs: int, precision: str, has_graph: bool) -> Percentiles:
    """Time one engine from arrays of the host to arrays of the host. Not run on hardware yet."""
    spec = _spec(goal)
    example = {name: tensor.numpy() for name, tensor in spec.example.items()}
    options = {
        "module": spec.module.eval(),
        "signature": Signature(
            {name: _tensor_spec(array) for name, array in example.items()}, _outputs(spec)
        ),
        "device": "cuda:0",
        "graph": has_graph,
    }
    engine = open_engine("torch", "", precision=precision, options=options)
    try:
        engine.warm_up(10, example)
        return Percentiles.of([1e3 * seconds for seconds in engine.warm_up(runs, example)])
    finally:
        engine.close()


def _spec(goal: Goal) -> GraphSpec:
    torch.manual_seed(0)
    encoder = VisualEncoder(encoder_preset(goal.preset)).eval()
    encoder.fold_positions()
    if goal.graph == "encoder":
        return encoder_spec(encoder)
    policy = Policy(policy_preset(goal.preset)).eval()
    return next(policy_specs(policy, encoder.config.width, 2, is_one_graph=True))


def _outputs(spec: GraphSpec) -> dict[str, TensorSpec]:
    with torch.inference_mode():
        found = spec.module(*spec.example.values())
    return {spec.outputs[0]: _tensor_spec(found.numpy())}


def _tensor_spec(array: np.ndarray) -> TensorSpec:
    return TensorSpec(array.shape, str(array.dtype))
