"""Dynamic INT8 for ONNX Runtime on a CPU: weights per output channel, inputs quantised at run time."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from dexora_train.export.onnx_graph import OnnxGraph

_WEIGHT, _WEIGHT_ZERO = 1, 3
"""Places among the inputs of MatMulInteger."""
_ZERO = 128


def quantise_dynamic(graph: OnnxGraph, layers: Collection[str]) -> OnnxGraph:
    """Return a copy of a graph whose named weight products run on integers.

    Args:
        graph: Float graph without stale shapes (`surgery.describe` drops them).
        layers: Node names of weight products.
    """
    if not layers:
        return graph.copy()
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "int8.onnx"
        quantize_dynamic(
            graph.copy().model,
            str(path),
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=sorted(layers),
            extra_options={"MatMulConstBOnly": True},
        )
        model = onnx.load(str(path))
    result = OnnxGraph(model)
    store_unsigned(result)
    model.producer_name = graph.model.producer_name
    return result


def store_unsigned(graph: OnnxGraph) -> None:
    """Store the weights of integer products as uint8 with 128 for zero, in place: the products stay the same.

    x86 without VNNI adds products of uint8 and int8 in 16 bits, which saturate, and those of uint8 and uint8
    exactly ("Quantize ONNX models" of ONNX Runtime, whose own switch fails where steps share a weight).

    Args:
        graph: With int8 weights and zero points.
    """
    stored: dict[str, str] = {}
    for node in graph.nodes:
        if node.op_type != "MatMulInteger":
            continue
        for place in _WEIGHT, _WEIGHT_ZERO:
            name = node.input[place]
            if name not in stored:
                levels = graph.constant(name).astype(np.int16) + _ZERO
                stored[name] = graph.add_constant(levels.astype(np.uint8), name)
            node.input[place] = stored[name]
    graph.prune()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the advice to pre-process, which `surgery` has done."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
