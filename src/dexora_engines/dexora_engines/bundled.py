"""Opens a graph of a bundle: the file that fits engine and precision, checked against the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dexora_core.bundle import Bundle

from dexora_engines.engine import Engine
from dexora_engines.graphs import check_graph, graph_signature
from dexora_engines.mock_backend import MockScript
from dexora_engines.opening import open_engine


def graph_file(graph: str, kind: str, precision: str) -> str:
    """Return the name of a graph's file in a bundle.

    INT8 comes in two forms: dynamic for ONNX Runtime, explicit Q/DQ for TensorRT.

    Args:
        graph: `encoder`, `language`, `policy`, `context` or `step`.
        kind: The engine.
        precision: `fp32` or `int8`.
    """
    if precision != "int8":
        return f"{graph}.onnx"
    return f"{graph}.qdq.onnx" if kind == "tensorrt" else f"{graph}.int8.onnx"


def open_graph(
    bundle: Bundle,
    graph: str,
    kind: str,
    *,
    precision: str = "",
    threads: int = 1,
    cache_dir: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Engine:
    """Open one graph of a verified bundle.

    Args:
        bundle: The bundle.
        graph: `encoder`, `language`, `policy`, `context` or `step`.
        kind: `onnx`, `tensorrt`, or `mock`; a mock without a script returns zeros.
        precision: Empty for that of the manifest.
        threads: Threads of the CPU that one inference may use.
        cache_dir: Where engines built on this machine are kept; beside the bundle when None.
        options: Options of this engine only.

    Raises:
        BundleError: `DX-BND-005`: the bundle has no such file; those that it has are listed.
        EngineError: as `open_engine`, or `DX-ENG-003` and `DX-ENG-010`: the graph does not fit the manifest.
    """
    manifest = bundle.manifest
    precision = precision or manifest.precision
    path, given = Path(), dict(options or {})
    if kind == "mock":
        signature = graph_signature(manifest, graph)
        given = {"script": MockScript(signature.inputs, signature.outputs), **given}
    else:
        path = bundle.file(graph_file(graph, kind, precision))
    engine = open_engine(kind, path, precision=precision, threads=threads, cache_dir=cache_dir, options=given)
    try:
        check_graph(engine, manifest, graph)
    except BaseException:
        engine.close()
        raise
    return engine
