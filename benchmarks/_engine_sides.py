"""What `engine_latency` times: every stage of every side as a call without arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from _rdt_style import RdtStyle
from dexora_train.checkpoint import Checkpoint
from dexora_train.export.observations import made_up_observations
from dexora_train.export.onnx_graph import OnnxGraph
from dexora_train.export.pipeline import Exported, ExportOptions, export_bundle, graph_specs
from dexora_train.export.stages import Run, Stages, torch_runner

from dexora_engines import open_engine

THREADS = 1
RELEASE_LANGUAGE_TOKENS = 1024
_OBSERVATIONS = 16
Call = Callable[[], object]


@dataclass(frozen=True)
class Side:
    """One policy: its networks in torch and its bundle.

    Attributes:
        checkpoint: Networks.
        exported: Bundle with fp32 and dynamic INT8, and its report.
    """

    checkpoint: Checkpoint
    exported: Exported

    def engine(self, graph: str, precision: str) -> Run:
        """Return one ONNX graph as a function; it takes what it needs of a feed."""
        suffix = ".int8" if precision == "int8" else ""
        path = self.exported.bundle.file(f"{graph}{suffix}.onnx")
        engine = open_engine("onnx", path, precision=precision, threads=THREADS)
        return lambda feed: engine.run({name: feed[name] for name in engine.inputs})

    def in_torch(self) -> Stages:
        """Return all graphs as torch modules in fp32."""
        runs = {
            spec.name: torch_runner(spec.module.eval(), tuple(spec.example), spec.outputs)
            for spec in graph_specs(self.checkpoint)
        }
        return Stages(self.checkpoint, runs)

    def int8_error_percent(self) -> float:
        """Return the relative error of INT8 chunks against fp32 torch, encoder included [%]."""
        assert self.exported.report is not None
        return 100 * next(
            item.chunk_relative for item in self.exported.report.parities if item.variant == "int8"
        )

    def weight_bytes(self, file: str) -> int:
        """Return the bytes of all constants in one graph of the bundle."""
        graph = OnnxGraph.load(self.exported.bundle.file(file))
        return sum(graph.constant(tensor.name).nbytes for tensor in graph.graph.initializer)


def make_side(checkpoint: Checkpoint, directory: Path) -> Side:
    """Export a checkpoint with dynamic INT8."""
    observations = made_up_observations(checkpoint, _OBSERVATIONS)
    with torch.inference_mode(False):
        return Side(checkpoint, export_bundle(checkpoint, directory, ExportOptions("dynamic"), observations))


def few_step_calls(side: Side, preset: str) -> dict[str, Call]:
    """Return the stages of a 2-step policy: INT8 and fp32 ONNX, fp32 torch."""
    reference = side.in_torch()
    observations = made_up_observations(side.checkpoint, 1)
    ids = np.ones((1, side.checkpoint.recipe.policy.language.max_tokens), np.int64)
    feeds = {
        "policy": reference.policy_feed(observations, 0),
        "encoder": reference.encoder_feed(observations, 0),
        "language": {"input_ids": ids, "attention_mask": ids},
    }
    runs = {
        f"{graph} onnx {precision}": (side.engine(graph, precision), graph)
        for graph in feeds
        for precision in ("int8", "fp32")
        if (graph, precision) != ("language", "int8")
    }
    runs |= {f"{graph} torch fp32": (reference.runs[graph], graph) for graph in feeds}
    return {f"{preset} {name}": _bound(run, feeds[graph]) for name, (run, graph) in runs.items()}


def teacher_calls(side: Side, preset: str) -> dict[str, Call]:
    """Return a policy of many steps over cached keys: INT8 ONNX and fp32 torch, whole and its context."""
    reference = side.in_torch()
    feed = reference.policy_feed(made_up_observations(side.checkpoint, 1), 0)
    runs = {graph: side.engine(graph, "int8") for graph in ("context", "step")}
    ours = Stages(side.checkpoint, {**reference.runs, **runs})
    return {
        f"{preset} teacher onnx int8": lambda: ours.actions(feed),
        f"{preset} teacher torch fp32": lambda: reference.actions(feed),
        f"{preset} context onnx int8": _bound(runs["context"], feed),
        f"{preset} context onnx fp32": _bound(side.engine("context", "fp32"), feed),
        f"{preset} context torch fp32": _bound(reference.runs["context"], feed),
    }


def peer_calls(checkpoint: Checkpoint) -> dict[str, Call]:
    """Return the peer with our language length, and with the 1024 tokens that the release pads to."""
    config = checkpoint.recipe.policy
    calls: dict[str, Call] = {}
    state, noise = torch.zeros(1, config.joints), torch.randn(1, config.horizon, config.joints)
    tokens = torch.randn(1, config.views, config.tokens_per_view, config.width)
    for label, words in (("peer", config.language.max_tokens), ("peer 1024", RELEASE_LANGUAGE_TOKENS)):
        peer = RdtStyle(
            config.width,
            config.heads,
            config.layers,
            horizon=config.horizon,
            joints=config.joints,
            image_dim=config.width,
            language_dim=config.language.dim,
            image_tokens=config.views * config.tokens_per_view,
            language_tokens=words,
        ).eval()
        language = torch.randn(1, words, config.language.dim)
        calls[f"{label} policy torch fp32"] = lambda p=peer, w=language: p(tokens, w, state, noise)
        calls[f"{label} context torch fp32"] = lambda p=peer, w=language: p.conditions(tokens, w)
    return calls


def _bound(run: Run, feed: dict[str, np.ndarray]) -> Call:
    return lambda: run(feed)
