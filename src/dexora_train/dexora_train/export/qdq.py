"""Explicit INT8 for TensorRT: Q/DQ pairs around weight products and nowhere else.

The form builds strongly typed on TensorRT 10 and 11, which know no calibrators and no precision flags:
weights are INT8 constants behind a `DequantizeLinear` per output channel (axis 1 of [K, N]), inputs pass
a `QuantizeLinear`/`DequantizeLinear` pair with one symmetric scale. Residual sums, norms, softmax and the
products of attention stay in the graph's float type.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from dexora_core.errors import BundleError
from onnx import helper

from dexora_train.export.integers import quantise_weight
from dexora_train.export.onnx_graph import OnnxGraph

_OPERATORS = frozenset(
    [
        "Add",
        "And",
        "Cast",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Conv",
        "Cos",
        "DequantizeLinear",
        "Div",
        "Equal",
        "Expand",
        "Gather",
        "Gelu",
        "Identity",
        "LayerNormalization",
        "MatMul",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Pow",
        "QuantizeLinear",
        "ReduceMax",
        "ReduceMean",
        "Reshape",
        "Shape",
        "Sigmoid",
        "Sin",
        "Slice",
        "Softmax",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Tanh",
        "Transpose",
        "Unsqueeze",
        "Where",
    ]
)
"""Operators that TensorRT 10's parser reads, of those that our networks can be made of."""


def check_operators(graph: OnnxGraph) -> None:
    """Refuse a graph that TensorRT 10 would not read.

    Raises:
        BundleError: Names the operators and the nodes.
    """
    strange = [node for node in graph.nodes if node.op_type not in _OPERATORS]
    if strange:
        kinds = ", ".join(sorted({node.op_type for node in strange}))
        raise BundleError(
            f"TensorRT 10 is not known to read {kinds} (first in {strange[0].name}); export without qdq, "
            "or write the network without it"
        )


def insert_qdq(graph: OnnxGraph, scales: Mapping[str, float]) -> OnnxGraph:
    """Return a copy of a graph with Q/DQ pairs around the named weight products.

    Two steps that share a weight share its INT8 constant; each product has its own `DequantizeLinear`,
    so that a builder can fuse it.

    Args:
        graph: Float graph (float32 or float16).
        scales: Node name of a weight product -> scale of its left input.
    """
    result = graph.copy()
    stored: dict[str, tuple[str, str, str]] = {}
    inputs: dict[tuple[str, float], str] = {}
    nodes: list[onnx.NodeProto] = []
    for node in list(result.nodes):
        if node.name in scales:
            left, weight = node.input[0], node.input[1]
            key = (left, scales[node.name])
            if key not in inputs:
                pair, inputs[key] = _input_pair(result, node, scales[node.name], _zero(result, stored))
                nodes.extend(pair)
            nodes.append(_weight_node(result, node, weight, stored))
            node.input[0], node.input[1] = inputs[key], nodes[-1].output[0]
        nodes.append(node)
    result.replace_nodes(nodes)
    result.prune()
    check_operators(result)
    onnx.checker.check_model(result.model, full_check=True)
    return result


def _zero(graph: OnnxGraph, stored: dict[str, tuple[str, str, str]]) -> str:
    if "zero" not in stored:
        stored["zero"] = (graph.add_constant(np.zeros((), np.int8), "int8_zero"), "", "")
    return stored["zero"][0]


def _input_pair(
    graph: OnnxGraph, node: onnx.NodeProto, scale: float, zero: str
) -> tuple[list[onnx.NodeProto], str]:
    """Return the pair on the left input of a product and the name of what comes out."""
    dtype = graph.constant(node.input[1]).dtype
    scale_name = graph.add_constant(np.asarray(scale, dtype), f"{node.name}/input_scale")
    integers, floats = (graph.fresh_name(f"{node.name}/{part}") for part in ("quantised", "dequantised"))
    return [
        helper.make_node(
            "QuantizeLinear",
            [node.input[0], scale_name, zero],
            [integers],
            name=f"{node.name}/QuantizeLinear",
        ),
        helper.make_node(
            "DequantizeLinear", [integers, scale_name, zero], [floats], name=f"{node.name}/DequantizeLinear"
        ),
    ], floats


def _weight_node(
    graph: OnnxGraph, node: onnx.NodeProto, weight: str, stored: dict[str, tuple[str, str, str]]
) -> onnx.NodeProto:
    """Return the `DequantizeLinear` of a product's weight; its constants are stored once per weight."""
    if weight not in stored:
        values = graph.constant(weight)
        integers, scales = quantise_weight(values.astype(np.float32))
        stored[weight] = (
            graph.add_constant(integers, f"{weight}/int8"),
            graph.add_constant(scales.astype(values.dtype), f"{weight}/scales"),
            graph.add_constant(np.zeros(scales.shape, np.int8), f"{weight}/zeros"),
        )
    return helper.make_node(
        "DequantizeLinear",
        list(stored[weight]),
        [graph.fresh_name(f"{node.name}/weight")],
        name=f"{node.name}/weight/DequantizeLinear",
        axis=1,
    )
