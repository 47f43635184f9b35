"""The whole way from a checkpoint to a bundle: export, INT8, parity, files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dexora_core.bundle import Bundle
from dexora_train.checkpoint import Checkpoint
from dexora_train.export.bundle_files import GraphFile, write_export
from dexora_train.export.graphs import GraphSpec, encoder_spec, language_spec, policy_specs
from dexora_train.export.to_onnx import export_onnx

LARGEST_ONE_GRAPH_STEPS = 2
Progress = Callable[[str], None]
"""Is told in a few words what begins."""


@dataclass(frozen=True)
class ExportOptions:
    """What shall be written.

    Attributes:
        int8: `none`, `dynamic`, `qdq` or `both`.
        with_weights: Whether the safetensors go into the bundle too.
    """

    int8: str = "none"
    with_weights: bool = True


@dataclass(frozen=True)
class Exported:
    """What an export gave.

    Attributes:
        bundle: As loaded from its place.
    """

    bundle: Bundle


def export_bundle(
    checkpoint: Checkpoint,
    directory: Path,
    options: ExportOptions | None = None,
    progress: Progress = lambda _: None,
) -> Exported:
    """Export a checkpoint into a new bundle."""
    options = options or ExportOptions()
    files = list(_float_graphs(checkpoint, progress))
    progress("write the bundle")
    bundle = write_export(checkpoint, files, directory, texts={}, with_weights=options.with_weights)
    return Exported(bundle)


def graph_specs(checkpoint: Checkpoint) -> Iterator[GraphSpec]:
    """Yield every graph of a checkpoint: few steps are one graph, more are a context and a step."""
    recipe = checkpoint.recipe
    checkpoint.encoder.fold_positions()
    yield encoder_spec(checkpoint.encoder)
    yield language_spec(checkpoint.language, recipe.policy.language.max_tokens)
    yield from policy_specs(
        checkpoint.policy,
        recipe.encoder.width,
        recipe.steps,
        is_one_graph=recipe.steps <= LARGEST_ONE_GRAPH_STEPS,
    )


def _float_graphs(checkpoint: Checkpoint, progress: Progress) -> Iterator[GraphFile]:
    for spec in graph_specs(checkpoint):
        progress(f"export {spec.name}")
        yield GraphFile(spec.name, "fp32", export_onnx(spec, {"bundle": checkpoint.recipe.name}))
