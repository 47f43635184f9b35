"""Which layers run on INT8: all weight products but the sensitive ones, while the error stays in bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from dexora_train.export.calibration import Activation, record_activations
from dexora_train.export.dynamic import quantise_dynamic
from dexora_train.export.integers import dynamic_sqnr_db, shared_scale, static_sqnr_db
from dexora_train.export.onnx_graph import OnnxGraph
from dexora_train.export.qdq import insert_qdq
from dexora_train.export.session import Feed
from dexora_train.export.surgery import layer_of

LARGEST_ERROR = 0.02
"""Bound on the relative L2 error of a graph's output against float32."""
LEAST_SQNR_DB = 20.0
"""Bound on a single layer's ratio of signal to quantisation noise [dB]."""

SENSITIVE = {
    "first action projection": r"decoder\.inputs\.",
    "final projection": r"decoder\.outputs\.",
    "adaLN modulation": r"modulation$",
    "time embedding": r"decoder\.(time|rate)\.",
    "joint state": r"fusion\.state\.0",
    "further conditions": r"fusion\.extra\.",
    "patch embedding": r"(patches|patch_embeddings)",
}
"""Layers that stay in float, by a pattern of their module path."""

_MOST_ROUNDS = 20

ErrorOf = Callable[[OnnxGraph], float]
"""Measures a candidate graph against float32."""


@dataclass(frozen=True)
class Layer:
    """What became of one weight product; its uses in several denoising steps share the fate.

    Attributes:
        name: Module path.
        sqnr_db: Ratio of signal to quantisation noise of its worst use [dB]; NaN where it was not looked at.
        kept_float: Why it stays in float; empty where it runs on INT8.
    """

    name: str
    sqnr_db: float
    kept_float: str = ""


@dataclass(frozen=True)
class Quantised:
    """A graph with INT8 layers.

    Attributes:
        graph: What to ship.
        layers: All weight products.
        error: Relative L2 error of the output against float32.
    """

    graph: OnnxGraph
    layers: tuple[Layer, ...]
    error: float

    @property
    def int8_layers(self) -> int:
        """How many layers run on INT8."""
        return sum(not layer.kept_float for layer in self.layers)


def quantise(
    mode: str, graph: OnnxGraph, feeds: Sequence[Feed], error_of: ErrorOf, base: OnnxGraph | None = None
) -> Quantised:
    """Return a graph with as many INT8 layers as the bounds allow.

    Layers below `LEAST_SQNR_DB` go back to float at once, then the worst of the others until the error is at
    most `LARGEST_ERROR`.

    Args:
        mode: `dynamic` (ONNX Runtime on a CPU) or `qdq` (TensorRT).
        graph: Float32 graph; calibration runs on it.
        feeds: Its inputs on real observations, at all denoising times used.
        error_of: Measures a candidate.
        base: Graph of the same layers that is changed and shipped, such as one in float16; None: `graph`.
    """
    uses = _uses(graph)
    activations = record_activations(graph, [node for nodes in uses.values() for node in nodes], feeds)
    recipe = _Dynamic(activations) if mode == "dynamic" else _Qdq(graph, uses, activations)
    ranked = sorted(
        (Layer(name, min(recipe.sqnr_db(graph, node) for node in nodes)) for name, nodes in uses.items()),
        key=lambda layer: layer.sqnr_db,
    )
    given_back = {
        layer.name: f"below {LEAST_SQNR_DB:g} dB" for layer in ranked if layer.sqnr_db < LEAST_SQNR_DB
    }
    candidates = [layer.name for layer in ranked if layer.name not in given_back]
    at_a_time = max(1, len(candidates) // _MOST_ROUNDS)
    while True:
        kept = [node.name for name in candidates for node in uses[name]]
        result = recipe.build(base or graph, kept)
        error = error_of(result)
        if error <= LARGEST_ERROR or not candidates:
            break
        given_back |= dict.fromkeys(candidates[:at_a_time], "given back until the error held")
        candidates = candidates[at_a_time:]
    layers = [Layer(layer.name, layer.sqnr_db, given_back.get(layer.name, "")) for layer in ranked]
    return Quantised(result, (*layers, *_sensitive(graph)), error)


def relative_error(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the L2 error over all pairs of (exact, found), relative to the exact values."""
    noise = signal = 0.0
    for exact, found in pairs:
        noise += float(np.sum(np.square(np.asarray(found, np.float64) - exact)))
        signal += float(np.sum(np.square(np.asarray(exact, np.float64))))
    return float(np.sqrt(noise / max(signal, 1e-30)))


class _Dynamic:
    """Inputs are quantised at run time."""

    def __init__(self, activations: dict[str, Activation]) -> None:
        self._activations = activations

    def sqnr_db(self, graph: OnnxGraph, node: onnx.NodeProto) -> float:
        return dynamic_sqnr_db(self._activations[node.input[0]], graph.weight(node))

    def build(self, base: OnnxGraph, nodes: Sequence[str]) -> OnnxGraph:
        return quantise_dynamic(base, nodes)


class _Qdq:
    """Inputs have one fixed scale per tensor, the one that costs all its readers together least."""

    def __init__(
        self, graph: OnnxGraph, uses: dict[str, list[onnx.NodeProto]], activations: dict[str, Activation]
    ) -> None:
        self._activations = activations
        readers: dict[str, list[onnx.NodeProto]] = {}
        for node in (node for nodes in uses.values() for node in nodes):
            readers.setdefault(node.input[0], []).append(node)
        self._scales = {
            node.name: scale
            for tensor, nodes in readers.items()
            for scale in [shared_scale(activations[tensor], [graph.weight(node) for node in nodes])]
            for node in nodes
        }

    def sqnr_db(self, graph: OnnxGraph, node: onnx.NodeProto) -> float:
        scale = self._scales[node.name]
        return static_sqnr_db(self._activations[node.input[0]], graph.weight(node), scale)

    def build(self, base: OnnxGraph, nodes: Sequence[str]) -> OnnxGraph:
        return insert_qdq(base, {name: self._scales[name] for name in nodes})


def _uses(graph: OnnxGraph) -> dict[str, list[onnx.NodeProto]]:
    """Return the nodes of each layer that may run on INT8."""
    uses: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.matmuls():
        if not sensitivity(layer_of(node)):
            uses.setdefault(layer_of(node), []).append(node)
    return uses


def _sensitive(graph: OnnxGraph) -> list[Layer]:
    found = {layer_of(node): sensitivity(layer_of(node)) for node in graph.matmuls()}
    return [Layer(name, float("nan"), why) for name, why in found.items() if why]


def sensitivity(layer: str) -> str:
    """Return why a layer always stays in float; empty when it may run on INT8."""
    return next((why for why, pattern in SENSITIVE.items() if re.search(pattern, layer)), "")
