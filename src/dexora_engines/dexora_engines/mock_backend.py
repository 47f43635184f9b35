"""A scripted engine for bring-up and tests: chunks, delays, NaN and failures on demand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from dexora_core.contract.fields import Fields
from dexora_core.errors import DexoraError, EngineError
from dexora_core.refusal import refusal
from numpy.typing import ArrayLike, NDArray

from dexora_engines.options import read_options
from dexora_engines.spec import Arrays, TensorSpec

if TYPE_CHECKING:
    from dexora_engines.opening import Request


@dataclass(frozen=True)
class MockStep:
    """What one run does.

    Attributes:
        outputs: Values by output: a number, or an array that fits; other outputs are zeros.
        delay_s: How long it takes [s].
        nan: Outputs that hold NaN.
        error: Text of the failure that it raises; empty for none. `out of memory` and `device lost` act as
            those of a GPU.
    """

    outputs: Mapping[str, ArrayLike] = field(default_factory=dict)
    delay_s: float = 0.0
    nan: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class MockScript:
    """What the mock takes, returns and does.

    Attributes:
        inputs: What it takes.
        outputs: What it returns.
        steps: Its runs in order.
        loops: True: after the last step comes the first; False: the last one repeats.
    """

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    steps: tuple[MockStep, ...] = (MockStep(),)
    loops: bool = False


class MockBackend:
    """Plays a script."""

    kind = "mock"
    device = "none"
    errors: tuple[type[Exception], ...] = (RuntimeError, TypeError, ValueError)

    def __init__(self, script: MockScript, sleep: Callable[[float], None] = time.sleep) -> None:
        self.inputs = script.inputs
        self.outputs = script.outputs
        self.metadata: Mapping[str, str] = {}
        self._script = script
        self._sleep = sleep
        self._runs = 0

    def run(self, inputs: Arrays) -> dict[str, NDArray]:
        """Play the next step."""
        step = self._next()
        if step.delay_s:
            self._sleep(step.delay_s)
        if step.error:
            raise RuntimeError(step.error)
        sizes = _sizes(self.inputs, inputs)
        return {name: _filled(spec.zeros(sizes), step, name) for name, spec in self.outputs.items()}

    def free(self) -> None:
        """Nothing to give back."""

    def close(self) -> None:
        """Nothing to close."""

    def _next(self) -> MockStep:
        count = len(self._script.steps)
        index = self._runs % count if self._script.loops else min(self._runs, count - 1)
        self._runs += 1
        return self._script.steps[index]


def open_backend(request: Request) -> MockBackend:
    """Open a mock.

    Options: `script`, a `MockScript`, instead of the JSON file at the path; `sleep`, called with [s].

    Raises:
        EngineError: `DX-ENG-003`: the script is malformed; the message says where.
    """
    options = read_options("mock", request.options, {"script": None, "sleep": time.sleep})
    script = options["script"] or read_script(request.path)
    unknown = {name for step in script.steps for name in (*step.outputs, *step.nan)} - set(script.outputs)
    if unknown or not script.steps:
        detail = f"its steps name unknown outputs {sorted(unknown)}" if unknown else "it has no steps"
        raise refusal(EngineError, "DX-ENG-003", "mock", detail=detail)
    return MockBackend(script, options["sleep"])


def read_script(path: Path) -> MockScript:
    """Read a script from JSON; docs/explanation/engines.md shows one.

    Raises:
        EngineError: `DX-ENG-003`: the file cannot be read or is malformed.
    """
    try:
        return _script(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise refusal(EngineError, "DX-ENG-003", "mock", detail=f"{path.name}: {error}") from error
    except DexoraError as error:
        raise refusal(EngineError, "DX-ENG-003", "mock", detail=f"{path.name}: {error.message}") from error


def _script(content: Any) -> MockScript:
    top = Fields(content, "", ("inputs", "outputs", "steps"), ("loops",))
    return MockScript(
        inputs=_tensors(top.raw("inputs"), "inputs"),
        outputs=_tensors(top.raw("outputs"), "outputs"),
        steps=tuple(_step(value, where) for where, value in top.items("steps")),
        loops=top.flag("loops"),
    )


def _tensors(value: Any, where: str) -> dict[str, TensorSpec]:
    names = Fields(value, where, (), tuple(value) if isinstance(value, dict) else ())
    specs = {}
    for name in value:
        fields = Fields(names.raw(name), names.at(name), ("shape", "dtype"))
        specs[name] = TensorSpec(tuple(size for _, size in fields.items("shape")), fields.text("dtype"))
    return specs


def _step(value: Any, where: str) -> MockStep:
    fields = Fields(value, where, (), ("outputs", "delay_s", "nan", "error"))
    return MockStep(
        outputs=fields.raw("outputs") or {},
        delay_s=0.0 if fields.raw("delay_s") is None else fields.number("delay_s", lower=0.0),
        nan=fields.texts("nan"),
        error=fields.raw("error") or "",
    )


def _sizes(specs: Mapping[str, TensorSpec], inputs: Arrays) -> dict[str, int]:
    return {
        want: size
        for name, spec in specs.items()
        for want, size in zip(spec.shape, inputs[name].shape, strict=True)
        if isinstance(want, str)
    }


def _filled(array: NDArray, step: MockStep, name: str) -> NDArray:
    if name in step.outputs:
        array[...] = np.asarray(step.outputs[name], array.dtype)
    if name in step.nan:
        array[...] = np.nan
    return array
