"""The engine that nodes see: checked inputs, failures as fault codes, warm-up. What computes is a backend."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal
from numpy.typing import NDArray

from dexora_engines.failures import Failure, classify
from dexora_engines.spec import Arrays, TensorSpec, check_inputs, example_inputs

LOG = logging.getLogger("dexora_engines")
_NS_PER_S = 1e9


class Backend(Protocol):
    """What one library contributes.

    Attributes:
        kind: Name of the engine, such as `onnx`.
        device: Where it computes, such as `cpu` or `cuda:0 NVIDIA Orin`.
        inputs: What it takes.
        outputs: What it returns.
        metadata: Texts that the model carries.
        errors: Exceptions that its library raises.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102

    @property
    def device(self) -> str: ...  # noqa: D102

    @property
    def inputs(self) -> Mapping[str, TensorSpec]: ...  # noqa: D102

    @property
    def outputs(self) -> Mapping[str, TensorSpec]: ...  # noqa: D102

    @property
    def metadata(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def errors(self) -> tuple[type[Exception], ...]: ...  # noqa: D102

    def run(self, inputs: Arrays) -> dict[str, NDArray]:
        """Compute once; the inputs fit. The arrays returned belong to the caller."""
        ...

    def free(self) -> None:
        """Give back memory that is not needed for the next run."""
        ...

    def close(self) -> None:
        """Give back everything; called once."""
        ...


class Engine:
    """One model, ready to run. Not for use by several threads at once.

    Args:
        backend: What computes.
        precision: Precision of the model: `fp32`, `fp16`, `bf16` or `int8`.
        clock_ns: Monotonic clock [ns].
    """

    def __init__(
        self, backend: Backend, precision: str, clock_ns: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._backend = backend
        self._clock_ns = clock_ns
        self._why_closed = ""
        self._is_short_of_memory = False
        self.precision = precision

    @property
    def kind(self) -> str:
        """Name of the engine: `onnx`, `tensorrt`, `torch` or `mock`."""
        return self._backend.kind

    @property
    def device(self) -> str:
        """Where it computes."""
        return self._backend.device

    @property
    def inputs(self) -> Mapping[str, TensorSpec]:
        """What it takes."""
        return self._backend.inputs

    @property
    def outputs(self) -> Mapping[str, TensorSpec]:
        """What it returns."""
        return self._backend.outputs

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts that the model carries."""
        return self._backend.metadata

    @property
    def is_open(self) -> bool:
        """False after `close`, after a lost device and after running out of memory twice."""
        return not self._why_closed

    def run(self, inputs: Arrays) -> dict[str, NDArray]:
        """Compute once.

        Args:
            inputs: Arrays by name, as `inputs` specifies them.

        Returns:
            Arrays by name, as `outputs` specifies them; the caller may keep them.

        Raises:
            EngineError: `DX-ENG-004` wrong inputs, `005` out of memory, `006` twice in a row, `007` device
                lost, `008` any other failure, `012` closed.
        """
        if self._why_closed:
            raise refusal(EngineError, "DX-ENG-012", self.kind, detail=self._why_closed)
        check_inputs(self.kind, self.inputs, inputs)
        try:
            outputs = self._backend.run(inputs)
        except self._backend.errors as error:
            raise self._failed(error) from error
        self._is_short_of_memory = False
        return outputs

    def warm_up(self, runs: int = 3, example: Arrays | None = None) -> tuple[float, ...]:
        """Run on `example`, or on zeros, and return how long each run took [s].

        Args:
            runs: How often.
            example: Inputs; needed where a named dimension shall not be 1.

        Raises:
            EngineError: as `run`.
        """
        given = example if example is not None else example_inputs(self.inputs)
        return tuple(self._timed(given) for _ in range(runs))

    def close(self) -> None:
        """Give back memory and device; closing again does nothing."""
        self._close("it was closed")

    def _timed(self, inputs: Arrays) -> float:
        started_ns = self._clock_ns()
        self.run(inputs)
        return (self._clock_ns() - started_ns) / _NS_PER_S

    def _failed(self, error: Exception) -> EngineError:
        kind = classify(error)
        if kind is Failure.OTHER:
            return refusal(EngineError, "DX-ENG-008", self.kind, detail=_one_line(error))
        if kind is Failure.DEVICE:
            self._close("its device was lost")
            return refusal(EngineError, "DX-ENG-007", self.kind, detail=_one_line(error))
        if self._is_short_of_memory:
            self._close("it ran out of memory twice")
            return refusal(EngineError, "DX-ENG-006", self.kind)
        self._is_short_of_memory = True
        self._backend.free()
        return refusal(EngineError, "DX-ENG-005", self.kind)

    def _close(self, why: str) -> None:
        if self._why_closed:
            return
        self._why_closed = why
        try:
            self._backend.close()
        except self._backend.errors:  # a lost device cannot even be given back; the first failure is told
            LOG.warning("closing the engine %s failed", self.kind, exc_info=True)


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
