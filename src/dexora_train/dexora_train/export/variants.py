"""The float and INT8 variants of every graph of a checkpoint, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dexora_train.checkpoint import Checkpoint
from dexora_train.export.graphs import GraphSpec
from dexora_train.export.int8 import ErrorOf, Quantised, quantise, relative_error
from dexora_train.export.observations import Observations
from dexora_train.export.onnx_graph import OnnxGraph
from dexora_train.export.session import Feed
from dexora_train.export.stages import Stages, onnx_runner
from dexora_train.export.to_onnx import export_onnx

VARIANTS = {"none": (), "dynamic": ("int8",), "qdq": ("qdq",), "both": ("int8", "qdq")}
"""INT8 variants that each choice of the command line asks for."""
FLOAT_ONLY = ("language",)
"""Graphs that run once per instruction: INT8 would save nothing."""
_SCORED = 8


@dataclass(frozen=True)
class FloatGraph:
    """One exported graph before anything is quantised.

    Attributes:
        spec: Where it came from.
        graph: In float32.
    """

    spec: GraphSpec
    graph: OnnxGraph


def collect_feeds(
    graphs: Sequence[FloatGraph], checkpoint: Checkpoint, observations: Observations
) -> dict[str, list[Feed]]:
    """Run the float graphs over all observations and return every graph's inputs, at every denoising time."""
    runs = {item.spec.name: onnx_runner(item.graph.model) for item in graphs}
    stages = Stages(checkpoint, runs)
    feeds: dict[str, list[Feed]] = {name: [] for name in runs}
    for index in range(len(observations)):
        feeds["encoder"].append(stages.encoder_feed(observations, index))
        feed = stages.policy_feed(observations, index)
        stages.actions(feed, feeds.get("step"))
        for name in ("policy", "context"):
            if name in feeds:
                taken = graphs_inputs(graphs, name)
                feeds[name].append({key: feed[key] for key in taken})
    return feeds


def graphs_inputs(graphs: Sequence[FloatGraph], name: str) -> list[str]:
    """Return the names of a graph's inputs."""
    return next(item.graph.input_names for item in graphs if item.spec.name == name)


def int8_variant(item: FloatGraph, variant: str, feeds: Sequence[Feed], bundle: str) -> Quantised:
    """Return one INT8 variant of a graph.

    Args:
        item: The float graph.
        variant: `int8`: dynamic, for ONNX Runtime on a CPU; `qdq`: explicit and float16, for TensorRT.
        feeds: Inputs of the graph on calibration observations.
        bundle: Name of the bundle, for the file's metadata.
    """
    if variant == "qdq":
        half = OnnxGraph(export_onnx(item.spec, {"bundle": bundle}, is_half=True))
        result = quantise("qdq", item.graph, feeds, _error_of(item, feeds), base=half)
        _set_precision(result.graph, "int8-qdq-fp16")
        return result
    result = quantise("dynamic", item.graph, feeds, _error_of(item, feeds))
    _set_precision(result.graph, "int8-dynamic")
    return result


def _set_precision(graph: OnnxGraph, precision: str) -> None:
    for item in graph.model.metadata_props:
        if item.key == "precision":
            item.value = precision


def _error_of(item: FloatGraph, feeds: Sequence[Feed]) -> ErrorOf:
    """Return a function that measures a candidate on some feeds, committed steps left out."""
    chosen = [feeds[index] for index in np.linspace(0, len(feeds) - 1, min(_SCORED, len(feeds))).astype(int)]
    reference = onnx_runner(item.graph.model)
    exact = [_free(reference(feed), feed) for feed in chosen]

    def error_of(candidate: OnnxGraph) -> float:
        run = onnx_runner(candidate.model)
        found = [_free(run(feed), feed) for feed in chosen]
        return relative_error(
            (one[name], other[name])
            for one, other in zip(exact, found, strict=True)
            for name in item.spec.outputs
            if one[name].dtype != bool
        )

    return error_of


def _free(outputs: dict[str, np.ndarray], feed: Feed) -> dict[str, np.ndarray]:
    if "actions" not in outputs:
        return outputs
    return {"actions": outputs["actions"][~np.asarray(feed["prefix_mask"], bool)]}


def float_graphs(specs: Iterator[GraphSpec], bundle: str) -> Iterator[FloatGraph]:
    """Yield every graph in float32."""
    for spec in specs:
        yield FloatGraph(spec, OnnxGraph(export_onnx(spec, {"bundle": bundle})))
