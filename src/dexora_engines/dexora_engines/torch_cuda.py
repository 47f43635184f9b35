"""Runs a function of torch as one CUDA graph over fixed buffers. Not run on hardware yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from dexora_core.errors import EngineError
from dexora_core.refusal import refusal

from dexora_engines.spec import Arrays, TensorSpec

# torch's own advice before a capture: lazy initialisation happens in the first runs.
_WARM_RUNS = 3


class CudaGraphRunner:
    """Captures on the first call and launches the graph on every later one.

    Args:
        torch: The module `torch`.
        device: A CUDA device.
        call: Computes outputs by name from inputs by name, always by the same operations.
        inputs: What it takes; every size a number.

    Raises:
        EngineError: `DX-ENG-002`: an input has a varying size.
    """

    def __init__(
        self,
        torch: ModuleType,
        device: Any,
        call: Callable[[Mapping[str, Any]], dict[str, Any]],
        inputs: Mapping[str, TensorSpec],
    ) -> None:
        varying = sorted({size for spec in inputs.values() for size in spec.shape if isinstance(size, str)})
        if varying:
            detail = f"a graph needs fixed sizes; give the option sizes for {', '.join(varying)}"
            raise refusal(EngineError, "DX-ENG-002", "torch", detail=detail)
        self._torch, self._device, self._call = torch, device, call
        self._pinned = {name: _empty(torch, spec, pin_memory=True) for name, spec in inputs.items()}
        self._inputs = {name: _empty(torch, spec, device=device) for name, spec in inputs.items()}
        self._graph: Any = None
        self._outputs: dict[str, Any] = {}
        self._stream = torch.cuda.Stream(device)
        self._done = torch.cuda.Event(blocking=True)

    def __call__(self, inputs: Arrays) -> dict[str, Any]:
        """Return new tensors of the host."""
        torch = self._torch
        for name, array in inputs.items():
            np.copyto(self._pinned[name].numpy(), array)
        with torch.cuda.stream(self._stream):
            for name, tensor in self._inputs.items():
                tensor.copy_(self._pinned[name], non_blocking=True)
            if self._graph is None:
                self._capture()
            self._graph.replay()
            results = {name: self._to_host(tensor) for name, tensor in self._outputs.items()}
            self._done.record()
        self._done.synchronize()
        return results

    def _capture(self) -> None:
        for _ in range(_WARM_RUNS):
            self._call(self._inputs)
        self._stream.synchronize()
        graph = self._torch.cuda.CUDAGraph()
        with self._torch.cuda.graph(graph, stream=self._stream):
            self._outputs = self._call(self._inputs)
        self._graph = graph

    def _to_host(self, tensor: Any) -> Any:
        host = self._torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        return host.copy_(tensor, non_blocking=True)


def _empty(torch: ModuleType, spec: TensorSpec, **where: Any) -> Any:
    return torch.empty(spec.concrete({}), dtype=getattr(torch, spec.dtype), **where)
