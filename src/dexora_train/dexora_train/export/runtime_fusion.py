"""What is fused for ONNX Runtime: fewer, larger nodes where a small model's time goes into their number."""

from __future__ import annotations

import onnx
from onnx import helper

from dexora_train.export.onnx_graph import OnnxGraph

RMS_OPSET = 23
"""The first opset with `RMSNormalization`; ONNX Runtime runs it from 1.23 on, TensorRT 10 does not."""


def fuse_rms_norms(graph: OnnxGraph) -> OnnxGraph:
    """Return a copy in which x * (1 / sqrt(mean(x²) + eps)) * weight is one node."""
    result = graph.copy()
    readers = _readers(result)
    fused: dict[str, onnx.NodeProto] = {}
    for node in result.nodes:
        norm = _match(result, readers, node) if node.op_type == "Reciprocal" else None
        if norm is not None:
            fused[norm.output[0]] = norm
    result.replace_nodes([fused.get(node.output[0], node) for node in result.nodes])
    result.prune()
    for opset in result.model.opset_import:
        if opset.domain in {"", "ai.onnx"}:
            opset.version = max(opset.version, RMS_OPSET)
    return result


def drop_nan_guards(graph: OnnxGraph) -> None:
    """Drop the guards of softmax against rows without any key: the policy's masks always leave one.

    A NaN that comes in then goes out, where the node refuses it, and is not turned into a zero.
    """
    replacement = {}
    for node in graph.nodes:
        test = graph.producer(node.input[0]) if node.op_type == "Where" else None
        if test is not None and test.op_type == "IsNaN" and test.input[0] == node.input[2]:
            replacement[node.output[0]] = node.input[2]
    graph.redirect(replacement)


def _readers(graph: OnnxGraph) -> dict[str, list[onnx.NodeProto]]:
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return readers


def _match(
    graph: OnnxGraph, readers: dict[str, list[onnx.NodeProto]], reciprocal: onnx.NodeProto
) -> onnx.NodeProto | None:
    """Return the fused node of a pattern that ends in this reciprocal, or None when it is another pattern."""
    chain = [reciprocal]
    for kind in ("Sqrt", "Add", "ReduceMean", "Pow"):
        producer = graph.producer(chain[-1].input[0])
        if producer is None or producer.op_type != kind:
            return None
        chain.append(producer)
    _, _, add, _, power = chain
    scaled = _only_reader(readers, reciprocal.output[0])
    weighted = _only_reader(readers, scaled.output[0]) if scaled is not None else None
    if scaled is None or weighted is None or power.input[0] not in scaled.input:
        return None
    weights = [name for name in weighted.input if graph.is_constant(name)]
    if weighted.op_type != "Mul" or len(weights) != 1 or not graph.is_constant(add.input[1]):
        return None
    return helper.make_node(
        "RMSNormalization",
        [power.input[0], weights[0]],
        list(weighted.output),
        name=f"{weighted.name}/RMSNormalization",
        axis=-1,
        epsilon=float(graph.constant(add.input[1])),
    )


def _only_reader(readers: dict[str, list[onnx.NodeProto]], tensor: str) -> onnx.NodeProto | None:
    found = readers.get(tensor, [])
    return found[0] if len(found) == 1 else None
