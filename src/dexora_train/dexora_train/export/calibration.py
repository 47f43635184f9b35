"""What goes into every weight product of a graph when it runs on real observations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from dexora_train.export.onnx_graph import OnnxGraph
from dexora_train.export.session import Feed, open_model

Floats = NDArray[np.float32]

ROWS_PER_TENSOR = 512
"""Rows kept of each tensor: enough for its percentiles, small enough for a full model."""

ROWS_PER_FEED = 64
"""Rows kept of one observation, so that no single one fills the sample."""


@dataclass(frozen=True)
class Activation:
    """What one tensor held over the calibration set.

    Attributes:
        rows: Sample of its rows (R, K), float32; R is at most `ROWS_PER_TENSOR`.
        peak: Largest magnitude that it ever held.
    """

    rows: Floats
    peak: float


def record_activations(
    graph: OnnxGraph, layers: Sequence[onnx.NodeProto], feeds: Iterable[Feed], *, seed: int = 0
) -> dict[str, Activation]:
    """Run a float graph over observations and keep a sample of what enters the given weight products.

    Args:
        graph: The float graph. Both denoising steps are in it, so each step gets its own sample.
        layers: Weight products whose left input is wanted.
        feeds: Inputs of the graph, one mapping per observation.
        seed: Of the choice of rows.

    Returns:
        Name of the left input -> what it held.
    """
    wanted = sorted({node.input[0] for node in layers})
    computed = [name for name in wanted if name not in graph.input_names]
    session = open_model(_with_outputs(graph, computed))
    generator = np.random.default_rng(seed)
    peaks = dict.fromkeys(wanted, 0.0)
    rows: dict[str, list[Floats]] = {name: [] for name in wanted}
    for feed in feeds:
        found = (
            {**feed, **dict(zip(computed, session.run(computed, dict(feed)), strict=True))}
            if computed
            else feed
        )
        for name in wanted:
            flat = np.asarray(found[name], np.float32).reshape(-1, found[name].shape[-1])
            peaks[name] = max(peaks[name], float(np.abs(flat).max()))
            rows[name].append(_sample(flat, ROWS_PER_FEED, generator))
    return {
        name: Activation(_sample(np.concatenate(rows[name]), ROWS_PER_TENSOR, generator), peaks[name])
        for name in wanted
    }


def _sample(rows: Floats, most: int, generator: np.random.Generator) -> Floats:
    if len(rows) <= most:
        return rows
    return rows[generator.choice(len(rows), most, replace=False)]


def _with_outputs(graph: OnnxGraph, names: Sequence[str]) -> onnx.ModelProto:
    model = graph.copy().model
    present = {value.name for value in model.graph.output}
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in names
        if name not in present
    )
    return model
