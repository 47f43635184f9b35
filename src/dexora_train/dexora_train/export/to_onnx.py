"""From a module to a tidy ONNX model."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from copy import deepcopy

import onnx
import torch
from dexora_core.errors import BundleError
from torch import Tensor, nn

from dexora_train.export.graphs import GraphSpec
from dexora_train.export.surgery import tidy

LARGEST_GB = 1.9
"""Protobuf ends at 2 GiB, structure included."""
OPSET = 20
"""The newest that TensorRT 10 reads; LayerNormalization and Gelu are one node each."""


class HalfModule(nn.Module):
    """A module in float16 behind float32 inputs and outputs: what TensorRT builds strongly typed.

    Args:
        module: Copied, so that the original keeps its precision.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.inner = deepcopy(module).half()

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Run in float16; floats come and go as float32."""
        outputs = self.inner(*(_cast(value, torch.float16) for value in inputs))
        if isinstance(outputs, Tensor):
            return _cast(outputs, torch.float32)
        return tuple(_cast(value, torch.float32) for value in outputs)


def export_onnx(spec: GraphSpec, properties: Mapping[str, str], *, is_half: bool = False) -> onnx.ModelProto:
    """Return one graph as ONNX, checked and tidied.

    Args:
        spec: Module, example and names.
        properties: Metadata of the file, such as the bundle's name.
        is_half: Whether everything inside is float16.
    """
    _check_size(spec, is_half=is_half)
    module = (HalfModule(spec.module) if is_half else spec.module).eval()
    shapes = tuple(_axes(spec, name) for name in spec.example)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            tuple(spec.example.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(spec.example),
            output_names=list(spec.outputs),
            dynamic_shapes=(shapes if not is_half else (shapes,)) if spec.dynamic else None,
            optimize=True,
        )
    assert program is not None
    model = program.model_proto
    model.graph.name = spec.name
    precision = "fp16" if is_half else "fp32"
    return tidy(model, {"graph": spec.name, "precision": precision, **properties})


def _check_size(spec: GraphSpec, *, is_half: bool) -> None:
    weights = sum(parameter.numel() for parameter in spec.module.parameters())
    size_gb = weights * (2 if is_half else 4) / 1e9
    if size_gb > LARGEST_GB:
        raise BundleError(
            f"{spec.name} has {weights / 1e6:.0f}M weights, {size_gb:.2g} GB; one ONNX file holds "
            f"{LARGEST_GB:g} GB. Take a smaller source, or run this part with the torch engine"
        )


def _axes(spec: GraphSpec, name: str) -> dict[int, torch.export.Dim] | None:
    if name not in spec.dynamic:
        return None
    axis, largest = spec.dynamic[name]
    return {0: torch.export.Dim(axis, min=1, max=largest)}


def _cast(value: Tensor, dtype: torch.dtype) -> Tensor:
    return value.to(dtype) if value.is_floating_point() else value


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's progress, which it prints, and its remarks on libraries that are not needed."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
