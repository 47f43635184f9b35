"""TensorRT: an engine built on this GPU, fixed buffers on its primary context, one CUDA graph.

Not run on hardware yet: the sequence of calls is proven against fakes of TensorRT 10 and 11 and of pycuda.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from dexora_core.errors import EngineError
from dexora_core.refusal import refusal
from numpy.typing import NDArray

from dexora_engines.cuda_device import CudaDevice, cuda_device, load_driver
from dexora_engines.cuda_graph import CudaGraph, load_cuda_library
from dexora_engines.engine_cache import (
    BuildKey,
    cache_directory,
    cached_file,
    load_engine,
    model_sha256,
    store_engine,
)
from dexora_engines.options import read_options
from dexora_engines.spec import Arrays, TensorSpec
from dexora_engines.tensorrt_build import build_engine, make_logger

if TYPE_CHECKING:
    from dexora_engines.opening import Request

# A stream that does not wait for the default stream, on which torch works.
_NON_BLOCKING = 1


@dataclass
class Slot:
    """One input or output: pinned memory of the host and memory of the GPU, at fixed addresses."""

    spec: TensorSpec
    host: NDArray
    device: Any
    is_input: bool


class TensorRtBackend:
    """An execution context with its buffers, its stream and its graph."""

    kind = "tensorrt"

    def __init__(
        self, trt: ModuleType, device: CudaDevice, engine: Any, logger: Any, use_graph: bool
    ) -> None:
        driver = device.driver
        self.device = f"cuda {device.name}"
        self.metadata: Mapping[str, str] = {}
        self.errors: tuple[type[Exception], ...] = (driver.Error, RuntimeError, MemoryError)
        self._gpu, self._engine, self._logger, self._use_graph = device, engine, logger, use_graph
        self._context = engine.create_execution_context()
        if self._context is None:
            raise MemoryError(_reason(logger, "no execution context"))
        self._stream = driver.Stream(_NON_BLOCKING)
        # Waiting on it lets the thread sleep: a spinning one would take a core from the robot.
        self._done = driver.Event(driver.event_flags.BLOCKING_SYNC | driver.event_flags.DISABLE_TIMING)
        self._slots = _slots(trt, driver, engine, self._context)
        self._graph: CudaGraph | None = None
        self.inputs = {name: slot.spec for name, slot in self._slots.items() if slot.is_input}
        self.outputs = {name: slot.spec for name, slot in self._slots.items() if not slot.is_input}

    def run(self, inputs: Arrays) -> dict[str, NDArray]:
        """Compute once: the first run enqueues and then captures, every later one launches the graph."""
        with self._gpu.current():
            for name, array in inputs.items():
                np.copyto(self._slots[name].host, array)
            if self._graph is None:
                self._enqueue()
            else:
                self._graph.launch()
            self._wait()
            if self._graph is None and self._use_graph:
                self._graph = CudaGraph(load_cuda_library(), self._stream.handle, self._enqueue)
        return {name: self._slots[name].host.copy() for name in self.outputs}

    def free(self) -> None:
        """All memory is in use at fixed addresses: nothing to give back."""

    def close(self) -> None:
        """Destroy graph, context, buffers and engine, in this order, on their own context."""
        with self._gpu.current():
            if self._graph is not None:
                self._graph.close()
            self._context = None
            for slot in self._slots.values():
                slot.device.free()
            self._slots = {}
            self._engine = self._stream = self._done = None

    def _enqueue(self) -> None:
        driver = self._gpu.driver
        for slot in self._slots.values():
            if slot.is_input:
                driver.memcpy_htod_async(slot.device, slot.host, self._stream)
        if not self._context.execute_async_v3(self._stream.handle):
            raise RuntimeError(_reason(self._logger, "execute_async_v3 failed"))
        for slot in self._slots.values():
            if not slot.is_input:
                driver.memcpy_dtoh_async(slot.host, slot.device, self._stream)

    def _wait(self) -> None:
        self._done.record(self._stream)
        self._done.synchronize()


def open_backend(request: Request) -> TensorRtBackend:
    """Load the engine of this GPU from the cache, or build it and keep it there.

    Options: `device_id` (0); `sizes`, what the model's named sizes are fixed to, such as `{"V": 4}`; `graph`,
    False to enqueue each run by itself; `build`, False to refuse when no engine was built ahead of time.

    Raises:
        EngineError: `DX-ENG-002` no TensorRT, pycuda or GPU, `003` the model cannot be built, `009`
            the cached engine is of another build.
    """
    defaults = {"device_id": 0, "sizes": {}, "graph": True, "build": True}
    options = read_options("tensorrt", request.options, defaults)
    trt, driver = _library(), load_driver("tensorrt")
    try:
        device = cuda_device(driver, options["device_id"])
        with device.current():
            logger = make_logger(trt)
            engine = _engine(trt, device, logger, request, options)
            return TensorRtBackend(trt, device, engine, logger, options["graph"])
    except (driver.Error, MemoryError) as error:
        detail = " ".join(f"{type(error).__name__}: {error}".split())
        raise refusal(EngineError, "DX-ENG-002", "tensorrt", detail=detail) from error


def _library() -> ModuleType:
    try:
        return importlib.import_module("tensorrt")
    except ImportError as error:
        raise refusal(EngineError, "DX-ENG-002", "tensorrt", detail=f"no tensorrt ({error})") from error


def _engine(
    trt: ModuleType, device: CudaDevice, logger: Any, request: Request, options: Mapping[str, Any]
) -> Any:
    model = request.path
    if not model.is_file():
        raise refusal(EngineError, "DX-ENG-003", "tensorrt", detail=f"{model} is no file")
    capability = ".".join(str(number) for number in device.capability)
    key = BuildKey(device.name, capability, trt.__version__, model_sha256(model), dict(options["sizes"]))
    file = cached_file(cache_directory(model, request.cache_dir), model, key)
    plan = load_engine(file, key)
    if plan is None:
        if not options["build"]:
            detail = f"no engine {file.name} was built yet; build it with `dexora-bundle build`"
            raise refusal(EngineError, "DX-ENG-002", "tensorrt", detail=detail)
        plan = build_engine(trt, logger, model, key.sizes)
        store_engine(file, key, plan)
    engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
    if engine is None:
        detail = f"{_reason(logger, 'it cannot be deserialised')}; delete this file"
        raise refusal(EngineError, "DX-ENG-009", str(file), detail=detail)
    return engine


def _slots(trt: ModuleType, driver: ModuleType, engine: Any, context: Any) -> dict[str, Slot]:
    names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    for name in names:
        if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT:
            _fix_shape(engine, context, name)
    unknown = context.infer_shapes()
    if unknown:
        raise refusal(EngineError, "DX-ENG-003", "tensorrt", detail=f"no shape for {', '.join(unknown)}")
    slots = {}
    for name in names:
        shape = tuple(context.get_tensor_shape(name))
        host = driver.pagelocked_empty(shape, _numpy_type(trt, engine, name))
        memory = driver.mem_alloc(max(host.nbytes, 1))
        is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        slots[name] = Slot(TensorSpec(shape, str(host.dtype)), host, memory, is_input)
        if not context.set_tensor_address(name, int(memory)):
            raise refusal(EngineError, "DX-ENG-003", "tensorrt", detail=f"the address of {name} is refused")
    return slots


def _fix_shape(engine: Any, context: Any, name: str) -> None:
    """A size that varied when the engine was built has one value in its only profile."""
    shape = tuple(engine.get_tensor_shape(name))
    if -1 in shape:
        shape = tuple(engine.get_tensor_profile_shape(name, 0)[1])
        if not context.set_input_shape(name, shape):
            raise refusal(
                EngineError, "DX-ENG-003", "tensorrt", detail=f"the shape {shape} of {name} is refused"
            )


def _numpy_type(trt: ModuleType, engine: Any, name: str) -> Any:
    kind = engine.get_tensor_dtype(name)
    try:
        return trt.nptype(kind)
    except TypeError as error:
        detail = f"{name} is {kind}, which numpy does not have; export inputs and outputs as float32"
        raise refusal(EngineError, "DX-ENG-003", "tensorrt", detail=detail) from error


def _reason(logger: Any, what: str) -> str:
    return f"{what}: {'; '.join(logger.errors) or 'no reason given'}"
