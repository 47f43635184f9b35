"""Inference engines with one interface: ONNX Runtime, TensorRT, torch and a mock.

Importing this package imports numpy only; the library behind an engine is imported when one is opened.
"""

from dexora_core.errors import EngineError

from dexora_engines.engine import Backend, Engine
from dexora_engines.graphs import check_graph, graph_signature
from dexora_engines.latency import Latency, measure_latency
from dexora_engines.mock_backend import MockScript, MockStep
from dexora_engines.opening import ENGINES, open_engine
from dexora_engines.spec import Signature, TensorSpec, example_inputs

__all__ = [
    "ENGINES",
    "Backend",
    "Engine",
    "EngineError",
    "Latency",
    "MockScript",
    "MockStep",
    "Signature",
    "TensorSpec",
    "check_graph",
    "example_inputs",
    "graph_signature",
    "measure_latency",
    "open_engine",
]
