"""Opens an engine by its name. What was asked for is opened or refused, never something else instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal

from dexora_engines.engine import Engine

ENGINES = ("onnx", "tensorrt", "torch", "mock")


@dataclass(frozen=True)
class Request:
    """What an engine is opened with.

    Attributes:
        path: The model: an ONNX file, or a script of the mock.
        precision: Precision of the model.
        threads: Threads of the CPU that it may use.
        cache_dir: Where engines built on this machine are kept; beside the bundle when None.
        options: Options of this engine only.
    """

    path: Path
    precision: str
    threads: int
    cache_dir: Path | None
    options: Mapping[str, Any] | None


def open_engine(
    kind: str,
    path: Path | str,
    *,
    precision: str,
    threads: int = 1,
    cache_dir: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Engine:
    """Open an engine; it computes nothing before `warm_up`.

    Args:
        kind: `onnx`, `tensorrt`, `torch` or `mock`.
        path: The model: a verified file of a bundle, or a script of the mock.
        precision: Precision of the model, from the manifest.
        threads: Threads of the CPU that it may use; they never spin.
        cache_dir: Where engines built on this machine are kept; beside the bundle when None.
        options: Options of this engine only; docs/explanation/engines.md lists them.

    Raises:
        EngineError: `DX-ENG-001` unknown, `002` cannot be used here, `003` cannot load the model, `009` an
            engine of another build.
    """
    if kind not in ENGINES:
        raise refusal(EngineError, "DX-ENG-001", kind)
    if threads < 1:
        detail = f"threads is {threads}; give at least 1"
        raise refusal(EngineError, "DX-ENG-002", kind, detail=detail)
    cache = None if cache_dir is None else Path(cache_dir)
    request = Request(Path(path), precision, threads, cache, options)
    return Engine(import_module(f"dexora_engines.{kind}_backend").open_backend(request), precision)
