"""Inference engines with one interface: ONNX Runtime, TensorRT, torch and a mock.

Importing this package imports numpy only; the library behind an engine is imported when one is opened.
"""

from dexora_core.errors import EngineError

from dexora_engines.bundled import graph_file, open_graph
from dexora_engines.engine import Backend, Engine
from dexora_engines.fallback import Replacement, fall_back
from dexora_engines.graphs import check_graph, graph_signature
from dexora_engines.latency import Latency, measure_latency
from dexora_engines.mock_backend import MockScript, MockStep
from dexora_engines.opening import ENGINES, open_engine
from dexora_engines.rate import RatePlan, rate_plan
from dexora_engines.spec import Signature, TensorSpec, example_inputs

__all__ = [
    "ENGINES",
    "Backend",
    "Engine",
    "EngineError",
    "Latency",
    "MockScript",
    "MockStep",
    "RatePlan",
    "Replacement",
    "Signature",
    "TensorSpec",
    "check_graph",
    "example_inputs",
    "fall_back",
    "graph_file",
    "graph_signature",
    "measure_latency",
    "open_engine",
    "open_graph",
    "rate_plan",
]
