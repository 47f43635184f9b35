"""One GPU through its primary context, the one that torch and TensorRT use too.

pycuda's autoinit would make a second context, whose memory the others cannot use. The primary context is
retained once per process and never given back: pycuda leaves it current in the driver when it releases it.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal


class CudaDevice:
    """A GPU and its primary context.

    Attributes:
        driver: The module `pycuda.driver`.
        name: Name of the GPU.
        capability: Compute capability, such as (9, 0).
    """

    def __init__(self, driver: ModuleType, number: int) -> None:
        driver.init()
        device = driver.Device(number)
        self.driver = driver
        self.name: str = device.name()
        self.capability: tuple[int, int] = tuple(device.compute_capability())
        self._context: Any = device.retain_primary_context()

    @contextmanager
    def current(self) -> Iterator[None]:
        """Make the context that of the calling thread; buffers and streams live and die inside."""
        self._context.push()
        try:
            yield
        finally:
            self._context.pop()


@functools.cache
def cuda_device(driver: ModuleType, number: int) -> CudaDevice:
    """Return the GPU of this number, always the same object."""
    return CudaDevice(driver, number)


def load_driver(engine: str) -> ModuleType:
    """Return `pycuda.driver`.

    Args:
        engine: Name of the engine that needs it, for the message.

    Raises:
        EngineError: `DX-ENG-002`: it is not installed, or finds no CUDA driver.
    """
    try:
        return importlib.import_module("pycuda.driver")
    except ImportError as error:
        raise refusal(EngineError, "DX-ENG-002", engine, detail=f"no pycuda ({error})") from error
