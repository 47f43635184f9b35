"""An index over one ONNX graph: who makes a tensor, who reads it, which are constants, and how to rewire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper


class OnnxGraph:
    """Edits an `onnx.ModelProto` in place.

    The index is built once and kept up to date by the methods below; edit through them.

    Args:
        model: The model; its main graph is edited.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.graph = model.graph
        self._constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self._producers = {name: node for node in self.graph.node for name in node.output}
        self._fresh = 0

    @classmethod
    def load(cls, path: Path) -> OnnxGraph:
        """Read a model file, external data included."""
        return cls(onnx.load(str(path)))

    def copy(self) -> OnnxGraph:
        """Return an independent copy."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        return OnnxGraph(model)

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """Nodes in execution order."""
        return self.graph.node

    @property
    def input_names(self) -> list[str]:
        """Names of the graph's inputs."""
        return [value.name for value in self.graph.input]

    @property
    def output_names(self) -> list[str]:
        """Names of the graph's outputs."""
        return [value.name for value in self.graph.output]

    def producer(self, tensor: str) -> onnx.NodeProto | None:
        """Return the node that makes a tensor; None for inputs and constants."""
        return self._producers.get(tensor)

    def is_constant(self, tensor: str) -> bool:
        """True when the tensor is an initialiser."""
        return tensor in self._constants

    def constant(self, tensor: str) -> NDArray[np.generic]:
        """Return the values of an initialiser."""
        return numpy_helper.to_array(self._constants[tensor])

    def add_constant(self, values: NDArray[np.generic], hint: str) -> str:
        """Store values as a new initialiser and return its name."""
        name = self.fresh_name(hint)
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        self._constants[name] = self.graph.initializer[-1]
        return name

    def fresh_name(self, hint: str) -> str:
        """Return a name that nothing in this graph bears."""
        taken = {*self._constants, *self._producers, *self.input_names}
        name = hint
        while name in taken:
            self._fresh += 1
            name = f"{hint}_{self._fresh}"
        return name

    def matmuls(self) -> Iterator[onnx.NodeProto]:
        """Yield the matrix products whose right side is a constant weight of two axes [K, N]."""
        for node in self.graph.node:
            weight = self._constants.get(node.input[1]) if node.op_type == "MatMul" else None
            if weight is not None and len(weight.dims) == 2:
                yield node

    def weight(self, matmul: onnx.NodeProto) -> NDArray[np.float32]:
        """Return the weight [K, N] of one of `matmuls` as float32."""
        return self.constant(matmul.input[1]).astype(np.float32)

    def replace_nodes(self, nodes: Sequence[onnx.NodeProto]) -> None:
        """Set the list of nodes, which must be in execution order, and index it anew."""
        kept = list(nodes)
        del self.graph.node[:]
        self.graph.node.extend(kept)
        self._producers = {name: node for node in self.graph.node for name in node.output}

    def redirect(self, replacement: dict[str, str]) -> None:
        """Let every reader of a key, graph outputs excepted, read its value instead."""
        for node in self.graph.node:
            for position, name in enumerate(node.input):
                target = name
                while target in replacement:
                    target = replacement[target]
                if target != name:
                    node.input[position] = target

    def prune(self) -> None:
        """Drop nodes and constants that no output depends on."""
        needed = set(self.output_names)
        kept = []
        for node in reversed(self.graph.node):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(node.input)
        self.replace_nodes(kept[::-1])
        constants = [tensor for tensor in self.graph.initializer if tensor.name in needed]
        del self.graph.initializer[:]
        self.graph.initializer.extend(constants)
        self._constants = {tensor.name: tensor for tensor in self.graph.initializer}


def attribute(node: onnx.NodeProto, name: str, default: object = None) -> object:
    """Return the value of a node's attribute, or the default when it has none of that name."""
    for item in node.attribute:
        if item.name == name:
            return onnx.helper.get_attribute_value(item)
    return default
