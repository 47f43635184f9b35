"""torch: runs a module or a function as it is; on CUDA as one graph. For the workstation, not for the robot.

The part for CUDA has not been run on hardware yet.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal
from numpy.typing import NDArray

from dexora_engines.options import read_options
from dexora_engines.spec import Arrays, Signature, TensorSpec
from dexora_engines.torch_cuda import CudaGraphRunner

if TYPE_CHECKING:
    from dexora_engines.opening import Request

_FLOATS = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16", "int8": "float32"}
_DEFAULTS: dict[str, Any] = {"module": None, "signature": None, "device": "cpu", "sizes": {}, "graph": True}
_Runner = Callable[[Arrays], dict[str, Any]]
_Call = Callable[[Mapping[str, Any]], dict[str, Any]]


class TorchBackend:
    """A module with the types and shapes of its inputs and outputs."""

    kind = "torch"
    errors: tuple[type[Exception], ...] = (RuntimeError, MemoryError)

    def __init__(self, torch: ModuleType, runner: _Runner, signature: Signature, device: str) -> None:
        self.device = device
        self.inputs, self.outputs = signature.inputs, signature.outputs
        self.metadata: Mapping[str, str] = {}
        self._torch = torch
        self._runner: _Runner | None = runner

    def run(self, inputs: Arrays) -> dict[str, NDArray]:
        """Compute once."""
        assert self._runner is not None
        return {name: tensor.numpy() for name, tensor in self._runner(inputs).items()}

    def free(self) -> None:
        """Give cached memory of the GPU back."""
        if self.device != "cpu":
            self._torch.cuda.empty_cache()

    def close(self) -> None:
        """Drop the module and, on CUDA, its graph and buffers."""
        self._runner = None
        self.free()


def open_backend(request: Request) -> TorchBackend:
    """Wrap a module or a function; the path is not used.

    Options: `module`, called with the inputs by name, returns a tensor, several, or a mapping; `signature`,
    its `Signature`; `device`, `cpu` (default) or such as `cuda:0`; on CUDA also `sizes`, what named sizes are
    fixed to, and `graph`, False to run eagerly. `threads` holds for the whole process, as torch has it.
    The precisions `bf16` and `fp16` convert a copy of the module; `int8` quantises one with torchao, 8-bit
    weights per channel and 8-bit activations per token.

    Raises:
        EngineError: `DX-ENG-002` no torch, torchao or device, `003` nothing to run.
    """
    options = read_options("torch", request.options, _DEFAULTS)
    torch = _library("torch")
    if options["module"] is None or options["signature"] is None:
        detail = "give the options module and signature; a path alone is not enough"
        raise refusal(EngineError, "DX-ENG-003", "torch", detail=detail)
    if options["device"] != "cpu" and not torch.cuda.is_available():
        raise _unusable(f"no device '{options['device']}'; this machine has cpu")
    torch.set_num_threads(request.threads)
    device = torch.device(options["device"])
    signature = _fixed(options["signature"], options["sizes"])
    module = _converted(torch, options["module"], request.precision, device)
    call = _caller(torch, module, signature, _number(torch, request.precision, device))
    runner: _Runner = _eager(torch, device, call)
    if device.type == "cuda" and options["graph"]:
        runner = CudaGraphRunner(torch, device, call, signature.inputs)
    return TorchBackend(torch, runner, signature, str(device))


def _caller(torch: ModuleType, module: Any, signature: Signature, number: Any) -> _Call:
    """Return what computes outputs by name from tensors by name, without gradients."""

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        with torch.inference_mode():
            given = {
                name: value.to(number) if value.is_floating_point() else value
                for name, value in tensors.items()
            }
            return {
                name: value.to(getattr(torch, spec.dtype)).contiguous()
                for name, value, spec in _paired(module(**given), signature)
            }

    return call


def _eager(torch: ModuleType, device: Any, call: _Call) -> _Runner:
    def run(inputs: Arrays) -> dict[str, Any]:
        tensors = {name: torch.tensor(array, device=device) for name, array in inputs.items()}
        return {name: tensor.cpu() for name, tensor in call(tensors).items()}

    return run


def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _unusable(f"no {name} ({error})") from error


def _number(torch: ModuleType, precision: str, device: Any) -> Any:
    """Return the type that a precision computes in; int8 keeps its other parts in bf16 on a GPU."""
    if precision not in _FLOATS:
        raise _unusable(f"precision '{precision}' is unknown; known are {', '.join(_FLOATS)}")
    is_gpu_int8 = precision == "int8" and device.type == "cuda"
    return getattr(torch, _FLOATS["bf16" if is_gpu_int8 else precision])


def _converted(torch: ModuleType, module: Any, precision: str, device: Any) -> Any:
    """Return a copy of the module on the device and in the precision; a plain function is left as it is."""
    number = _number(torch, precision, device)
    if not isinstance(module, torch.nn.Module):
        if precision != "fp32":
            raise _unusable(f"{precision} needs a torch module, not a {type(module).__name__}")
        return module
    own = copy.deepcopy(module).eval().to(device=device, dtype=number)
    if precision == "int8":
        quantization = _library("torchao.quantization")
        quantization.quantize_(own, quantization.Int8DynamicActivationInt8WeightConfig())
    return own


def _fixed(signature: Signature, sizes: Mapping[str, int]) -> Signature:
    def fix(specs: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        return {name: spec.fixed(sizes) for name, spec in specs.items()}

    return Signature(fix(signature.inputs), fix(signature.outputs))


def _paired(result: Any, signature: Signature) -> list[tuple[str, Any, TensorSpec]]:
    """Give names to what a module returns: a mapping has them, tensors come in the signature's order."""
    if isinstance(result, Mapping):
        return [(name, result[name], spec) for name, spec in signature.outputs.items()]
    values = result if isinstance(result, tuple | list) else (result,)
    if len(values) != len(signature.outputs):
        raise RuntimeError(f"the module returned {len(values)} tensors for {', '.join(signature.outputs)}")
    return [
        (name, value, spec) for (name, spec), value in zip(signature.outputs.items(), values, strict=True)
    ]


def _unusable(detail: str) -> EngineError:
    return refusal(EngineError, "DX-ENG-002", "torch", detail=detail)
