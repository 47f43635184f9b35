"""What is done to an exported graph first: fewer nodes, readable layers, nothing of this machine.

The exporter leaves one `Transpose` per weight that two steps share, stacks keys that are taken apart again,
guards softmax against rows without a key, and writes stack traces with local paths into every node.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import onnx
from onnx import helper

from dexora_train.export.onnx_graph import OnnxGraph, attribute

_SCOPES = "pkg.torch.onnx.name_scopes"
PRODUCER = "dexora_train"
HALF_PREFIX = "inner."
"""What the wrapper of a float16 export puts before every module path."""


def tidy(model: onnx.ModelProto, properties: Mapping[str, str]) -> onnx.ModelProto:
    """Apply all passes and return the model.

    Args:
        model: As exported; edited in place.
        properties: Metadata of the shipped file, such as the bundle's name.
    """
    graph = OnnxGraph(model)
    name_layers(graph)
    for simplify in _PASSES:
        simplify(graph)
        graph.prune()
    describe(model, properties)
    onnx.checker.check_model(model, full_check=True)
    return model


def name_layers(graph: OnnxGraph) -> None:
    """Name every node after the module it came from, such as `decoder.time.0.MatMul:2` for its second use."""
    seen: Counter[str] = Counter()
    for node in graph.nodes:
        scopes = next((item.value for item in node.metadata_props if item.key == _SCOPES), "[]")
        names = ast.literal_eval(scopes)
        path = names[-2].removeprefix(HALF_PREFIX) if len(names) > 1 else ""
        base = f"{path}.{node.op_type}".lstrip(".")
        seen[base] += 1
        node.name = f"{base}:{seen[base]}"


def layer_of(node: onnx.NodeProto) -> str:
    """Return the module path of a node that `name_layers` named, such as `policy.blocks.0.ffn.up`."""
    return node.name.rpartition(".")[0]


def fold_weight_transposes(graph: OnnxGraph) -> None:
    """Store weights the way they are multiplied instead of turning them at run time."""
    replacement = {}
    for node in graph.nodes:
        if node.op_type == "Transpose" and graph.is_constant(node.input[0]):
            turned = np.transpose(graph.constant(node.input[0]), attribute(node, "perm"))  # type: ignore[call-overload]
            replacement[node.output[0]] = graph.add_constant(turned, f"{node.input[0]}.T")
    graph.redirect(replacement)


def split_gemms(graph: OnnxGraph) -> None:
    """Write a `Gemm` with a constant weight as `MatMul` and `Add`, the one form that quantisation knows."""
    nodes = []
    for node in graph.nodes:
        if node.op_type != "Gemm" or not graph.is_constant(node.input[1]) or not _is_plain(node):
            nodes.append(node)
            continue
        weight = node.input[1]
        if attribute(node, "transB", 0):
            weight = graph.add_constant(graph.constant(weight).T, f"{weight}.T")
        product = graph.fresh_name(f"{node.output[0]}.product")
        name = node.name.replace(".Gemm:", ".MatMul:")
        nodes.append(helper.make_node("MatMul", [node.input[0], weight], [product], name=name))
        nodes.append(
            helper.make_node("Add", [product, node.input[2]], list(node.output), name=f"{name}.bias")
        )
    graph.replace_nodes(nodes)


def _is_plain(gemm: onnx.NodeProto) -> bool:
    return (
        attribute(gemm, "alpha", 1.0) == 1.0
        and attribute(gemm, "beta", 1.0) == 1.0
        and not attribute(gemm, "transA", 0)
        and len(gemm.input) == 3
    )


def unstack(graph: OnnxGraph) -> None:
    """Let a layer read its keys and values where they were made, not out of a stack of all layers."""
    replacement = {}
    for node in graph.nodes:
        if (
            node.op_type != "Gather"
            or attribute(node, "axis", 0) != 0
            or not graph.is_constant(node.input[1])
        ):
            continue
        index = graph.constant(node.input[1])
        stack = graph.producer(node.input[0])
        if index.ndim or stack is None or stack.op_type != "Concat" or attribute(stack, "axis") != 0:
            continue
        part = graph.producer(stack.input[int(index)])
        if part is not None and part.op_type == "Unsqueeze" and _unsqueezes_front(graph, part):
            replacement[node.output[0]] = part.input[0]
    graph.redirect(replacement)


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


def divide_by_roots(graph: OnnxGraph) -> None:
    """Write x * (1 / root) as x / root: the form of RMSNorm that ONNX Runtime fuses into one operator."""
    for node in graph.nodes:
        if node.op_type != "Mul":
            continue
        for place, other in ((0, 1), (1, 0)):
            inverse = graph.producer(node.input[place])
            if inverse is not None and inverse.op_type == "Reciprocal":
                dividend = node.input[other]
                node.op_type = "Div"
                node.input[0], node.input[1] = dividend, inverse.input[0]
                break


def _unsqueezes_front(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    return graph.is_constant(node.input[1]) and graph.constant(node.input[1]).tolist() == [0]


def describe(model: onnx.ModelProto, properties: Mapping[str, str]) -> None:
    """Say who made the file and drop what tells of this machine: stack traces, module paths, stale shapes."""
    model.producer_name, model.producer_version, model.doc_string = PRODUCER, "", ""
    del model.metadata_props[:]
    helper.set_model_props(model, {"producer": PRODUCER, **properties})
    graph = model.graph
    graph.doc_string = ""
    del graph.value_info[:]
    del graph.metadata_props[:]
    for item in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        item.doc_string = ""
        del item.metadata_props[:]


_PASSES: tuple[Callable[[OnnxGraph], None], ...] = (
    fold_weight_transposes,
    split_gemms,
    unstack,
    drop_nan_guards,
    divide_by_roots,
)
