"""Dynamic INT8 for ONNX Runtime on a CPU: weights per output channel, inputs quantised at run time."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from dexora_train.export.onnx_graph import OnnxGraph


def quantise_dynamic(graph: OnnxGraph, layers: Collection[str], *, reduce_range: bool = False) -> OnnxGraph:
    """Return a copy of a graph whose named weight products run on integers.

    Args:
        graph: Float graph without stale shapes (`surgery.describe` drops them).
        layers: Node names of weight products.
        reduce_range: True for x86 without VNNI, whose 16-bit sums would saturate: 7-bit weights.
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
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=sorted(layers),
            extra_options={"MatMulConstBOnly": True},
        )
        model = onnx.load(str(path))
    result = OnnxGraph(model)
    result.prune()
    model.producer_name = graph.model.producer_name
    return result


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
