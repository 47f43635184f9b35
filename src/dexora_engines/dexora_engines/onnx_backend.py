"""ONNX Runtime: the engine of a CPU, and of CUDA where that is asked for and present."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal
from numpy.typing import NDArray

from dexora_engines.options import read_options
from dexora_engines.spec import Arrays, TensorSpec

if TYPE_CHECKING:
    from dexora_engines.opening import Request

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}
_ERRORS_ONLY = 3


class OnnxBackend:
    """A session of ONNX Runtime."""

    kind = "onnx"

    def __init__(self, session: Any, device: str, errors: tuple[type[Exception], ...]) -> None:
        self.device = device
        self.errors = errors
        self.inputs = _specs(session.get_inputs())
        self.outputs = _specs(session.get_outputs())
        self.metadata: Mapping[str, str] = dict(session.get_modelmeta().custom_metadata_map)
        self._names = list(self.outputs)
        self._session = session

    def run(self, inputs: Arrays) -> dict[str, NDArray]:
        """Compute once."""
        return dict(zip(self._names, self._session.run(self._names, dict(inputs)), strict=True))

    def free(self) -> None:
        """The arena of the session shrinks only with it: nothing to give back."""

    def close(self) -> None:
        """Drop the session."""
        self._session = None


def open_backend(request: Request) -> OnnxBackend:
    """Open a session.

    Options: `device`, `cpu` (default) or `cuda`; `device_id`, number of the GPU (0).

    Raises:
        EngineError: `DX-ENG-002` no ONNX Runtime or no such device, `003` the model cannot be loaded.
    """
    options = read_options("onnx", request.options, {"device": "cpu", "device_id": 0})
    runtime = _runtime()
    provider = _provider(runtime, options["device"])
    errors = _errors(runtime)
    settings = [{"device_id": str(options["device_id"])}] if options["device"] == "cuda" else [{}]
    try:
        session = runtime.InferenceSession(
            str(_readable(request.path)),
            sess_options=_session_options(runtime, request.threads),
            providers=[provider],
            provider_options=settings,
        )
    except errors as error:
        raise refusal(EngineError, "DX-ENG-003", "onnx", detail=str(error)) from error
    if session.get_providers()[0] != provider:
        detail = f"{provider} did not start, only {', '.join(session.get_providers())}"
        raise refusal(EngineError, "DX-ENG-002", "onnx", detail=detail)
    session.disable_fallback()  # after a failure it would go on on another device and tell nobody
    device = "cpu" if options["device"] == "cpu" else f"cuda:{options['device_id']}"
    return OnnxBackend(session, device, errors)


def _runtime() -> ModuleType:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise refusal(EngineError, "DX-ENG-002", "onnx", detail=f"no onnxruntime ({error})") from error


def _provider(runtime: ModuleType, device: str) -> str:
    present = runtime.get_available_providers()
    if _PROVIDERS.get(device) not in present:
        names = [name for name, provider in _PROVIDERS.items() if provider in present]
        detail = f"no device '{device}'; this ONNX Runtime has {', '.join(names)}"
        raise refusal(EngineError, "DX-ENG-002", "onnx", detail=detail)
    return _PROVIDERS[device]


def _errors(runtime: ModuleType) -> tuple[type[Exception], ...]:
    """Return every exception that the library defines, and what it raises of Python's own."""
    state = importlib.import_module(f"{runtime.__name__}.capi.onnxruntime_pybind11_state")
    own = [
        value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)
    ]
    return (*own, RuntimeError, ValueError, MemoryError)


def _session_options(runtime: ModuleType, threads: int) -> Any:
    """Return options that keep it beside a real-time process: few threads, none spins while it waits."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def _readable(path: Path) -> Path:
    if not path.is_file():
        raise refusal(EngineError, "DX-ENG-003", "onnx", detail=f"{path} is no file")
    return path


def _specs(nodes: list[Any]) -> dict[str, TensorSpec]:
    """Return the specifications; a size without a name may vary by itself."""
    specs = {}
    for node in nodes:
        if node.type not in _TYPES:
            detail = f"'{node.name}' is a {node.type}; allowed are {', '.join(_TYPES)}"
            raise refusal(EngineError, "DX-ENG-003", "onnx", detail=detail)
        shape = tuple(
            size if isinstance(size, int) else size or f"{node.name}.{axis}"
            for axis, size in enumerate(node.shape)
        )
        specs[node.name] = TensorSpec(shape, _TYPES[node.type])
    return specs
