"""Builds a TensorRT engine from an ONNX file, on 10.x and 11.x alike.

The network is strongly typed: precision is what the graph says, INT8 is explicit Q/DQ. Precision flags and
calibrators do not exist in 11 and are not used on 10. Not run on hardware yet: proven against fakes of both
versions, whose names were compared with the vendor's own bindings.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal

_KEPT_ERRORS = 5
LOG = logging.getLogger("dexora_engines.tensorrt")


def make_logger(trt: ModuleType) -> Any:
    """Return a logger of TensorRT that keeps its errors: they are the only reason given for a None."""
    base: Any = trt.ILogger
    severity = base.Severity

    class Collector(base):
        def __init__(self) -> None:
            base.__init__(self)
            self.errors: deque[str] = deque(maxlen=_KEPT_ERRORS)

        def log(self, level: Any, message: str) -> None:
            """Keep errors, hand on warnings."""
            if level in (severity.INTERNAL_ERROR, severity.ERROR):
                self.errors.append(message)
            elif level == severity.WARNING:
                LOG.warning("%s", message)

    return Collector()


def build_engine(trt: ModuleType, logger: Any, model: Path, sizes: Mapping[str, int]) -> bytes:
    """Build an engine; this takes seconds to minutes.

    Args:
        trt: The module `tensorrt`.
        logger: From `make_logger`.
        model: The ONNX file.
        sizes: What the model's named sizes are fixed to.

    Raises:
        EngineError: `DX-ENG-003` the model cannot be read or built, `002` a named size is not given.
    """
    builder = trt.Builder(logger)
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(model)):
        errors = [parser.get_error(index).desc() for index in range(parser.num_errors)]
        raise _unbuilt(model, "cannot be parsed", errors)
    config = builder.create_builder_config()
    _fix_sizes(builder, config, network, sizes)
    LOG.info("building an engine from %s; this takes up to some minutes, once", model)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise _unbuilt(model, "cannot be built", logger.errors)
    return bytes(memoryview(plan))


def _network_flags(trt: ModuleType) -> int:
    """Strong typing is asked for on 10; on 11, where there is nothing else, the flag may go one day."""
    flags = trt.NetworkDefinitionCreationFlag
    return 1 << int(flags.STRONGLY_TYPED) if hasattr(flags, "STRONGLY_TYPED") else 0


def _fix_sizes(builder: Any, config: Any, network: Any, sizes: Mapping[str, int]) -> None:
    """Give every input with a named size one shape: a CUDA graph holds for one shape only."""
    varying = [
        tensor for tensor in map(network.get_input, range(network.num_inputs)) if -1 in tuple(tensor.shape)
    ]
    if not varying:
        return
    profile = builder.create_optimization_profile()
    for tensor in varying:
        shape = _fixed_shape(tensor, sizes)
        profile.set_shape(tensor.name, shape, shape, shape)
    if config.add_optimization_profile(profile) < 0:
        raise refusal(EngineError, "DX-ENG-003", "tensorrt", detail="the profile of its sizes is refused")


def _fixed_shape(tensor: Any, sizes: Mapping[str, int]) -> tuple[int, ...]:
    names = [tensor.get_dimension_name(axis) for axis in range(len(tensor.shape))]
    shape = [
        sizes.get(name, -1) if size == -1 else size for size, name in zip(tensor.shape, names, strict=True)
    ]
    if -1 in shape:
        name = names[shape.index(-1)]
        detail = f"input {tensor.name} has the varying size '{name}'; give the option sizes={{'{name}': ...}}"
        raise refusal(EngineError, "DX-ENG-002", "tensorrt", detail=detail)
    return tuple(shape)


def _unbuilt(model: Path, what: str, errors: Iterable[str]) -> EngineError:
    detail = f"{model.name} {what}: {'; '.join(errors)[:500] or 'no reason given'}"
    return refusal(EngineError, "DX-ENG-003", "tensorrt", detail=detail)
