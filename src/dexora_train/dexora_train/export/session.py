"""ONNX Runtime sessions for export, calibration and parity: one thread, quiet, deterministic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

Feed = Mapping[str, NDArray[np.generic]]
"""Inputs of a graph by name."""

_ERRORS_ONLY = 3


def open_model(model: onnx.ModelProto | Path, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """Open a model for the CPU.

    Args:
        model: In memory, or a file.
        threads: Threads of one operator.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
