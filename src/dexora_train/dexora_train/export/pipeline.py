"""The whole way from a checkpoint to a bundle: export, INT8, parity, files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from dexora_core.bundle import Bundle
from dexora_core.contract import load_contract
from dexora_core.errors import ConfigError

from dexora_description import contract_path
from dexora_train.checkpoint import Checkpoint
from dexora_train.export.bundle_files import GraphFile, write_export
from dexora_train.export.golden import GOLDEN, golden_file
from dexora_train.export.graphs import GraphSpec, encoder_spec, language_spec, policy_specs
from dexora_train.export.int8 import Quantised
from dexora_train.export.observations import Observations, made_up_observations
from dexora_train.export.parity import compare
from dexora_train.export.report import ExportReport, report_files
from dexora_train.export.stages import Stages, onnx_runner, torch_runner
from dexora_train.export.variants import (
    FLOAT_ONLY,
    VARIANTS,
    FloatGraph,
    collect_feeds,
    float_graphs,
    int8_variant,
)

LARGEST_ONE_GRAPH_STEPS = 2
MADE_UP = 16
_LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime")
Progress = Callable[[str], None]
"""Is told in a few words what begins."""


@dataclass(frozen=True)
class ExportOptions:
    """What shall be written.

    Attributes:
        int8: `none`, `dynamic`, `qdq` or `both`.
        with_weights: Whether the safetensors go into the bundle too.
        with_report: Whether chunks are compared and the report goes into the bundle.
    """

    int8: str = "none"
    with_weights: bool = True
    with_report: bool = True

    def __post_init__(self) -> None:
        """Check the choice.

        Errors:
            ConfigError: an unknown choice of INT8.
        """
        if self.int8 not in VARIANTS:
            raise ConfigError(f"int8 is {self.int8!r}; allowed are {', '.join(VARIANTS)}")


@dataclass(frozen=True)
class Exported:
    """What an export gave.

    Attributes:
        bundle: As loaded from its place.
        report: What was compared; None where that was not asked for.
    """

    bundle: Bundle
    report: ExportReport | None


def export_bundle(
    checkpoint: Checkpoint,
    directory: Path,
    options: ExportOptions | None = None,
    observations: Observations | None = None,
    progress: Progress = lambda _: None,
) -> Exported:
    """Export a checkpoint into a new bundle.

    Args:
        checkpoint: What to export.
        directory: Where the bundle shall be; nothing may be there yet.
        options: What shall be written.
        observations: For calibration and parity; made up when None.
        progress: Is told what begins.

    Raises:
        BundleError: The bundle cannot be written or would be refused.
    """
    options = options or ExportOptions()
    observations = observations or made_up_observations(checkpoint, MADE_UP)
    name = checkpoint.recipe.name
    graphs = []
    for item in float_graphs(graph_specs(checkpoint), name):
        progress(f"exported {item.spec.name}")
        graphs.append(item)
    files = [GraphFile(item.spec.name, "fp32", item.graph.model) for item in graphs]
    quantised = {}
    if VARIANTS[options.int8]:
        for file, result in _int8_files(checkpoint, graphs, options, observations, progress):
            files.append(file)
            quantised[file.name] = result
    reference = _in_torch(checkpoint, graphs)
    extra = {GOLDEN: golden_file(reference, observations)}
    report = None
    if options.with_report:
        progress("compare with torch")
        report = _report(reference, files, quantised, observations)
        extra |= report_files(report)
    progress(f"write {directory}")
    bundle = write_export(
        checkpoint,
        files,
        directory,
        extra=extra,
        precision=report.default_precision if report else "fp32",
        with_weights=options.with_weights,
    )
    return Exported(bundle, report)


def graph_specs(checkpoint: Checkpoint) -> Iterator[GraphSpec]:
    """Yield every graph of a checkpoint: few steps are one graph, more are a context and a step.

    Relative or divided actions are always one graph: the loop outside of `step` knows neither.
    """
    recipe = checkpoint.recipe
    checkpoint.encoder.fold_positions()
    yield encoder_spec(checkpoint.encoder)
    yield language_spec(checkpoint.language, recipe.policy.language.max_tokens)
    yield from policy_specs(
        checkpoint.policy,
        recipe.encoder.width,
        recipe.steps,
        is_one_graph=recipe.steps <= LARGEST_ONE_GRAPH_STEPS or recipe.policy.is_framed,
    )


def _int8_files(
    checkpoint: Checkpoint,
    graphs: list[FloatGraph],
    options: ExportOptions,
    observations: Observations,
    progress: Progress,
) -> Iterator[tuple[GraphFile, Quantised]]:
    progress("run the observations")
    feeds = collect_feeds(graphs, checkpoint, observations)
    for variant in VARIANTS[options.int8]:
        for item in graphs:
            name = item.spec.name
            if name not in FLOAT_ONLY:
                progress(f"quantise {name} ({variant})")
                result = int8_variant(item, variant, feeds[name], checkpoint.recipe.name)
                yield GraphFile(name, variant, result.graph.model), result


def _in_torch(checkpoint: Checkpoint, graphs: list[FloatGraph]) -> Stages:
    specs = [item.spec for item in graphs]
    runs = {spec.name: torch_runner(spec.module, tuple(spec.example), spec.outputs) for spec in specs}
    return Stages(checkpoint, runs)


def _report(
    reference: Stages,
    files: list[GraphFile],
    quantised: dict[str, Quantised],
    observations: Observations,
) -> ExportReport:
    checkpoint = reference.checkpoint
    whole = {file.graph: onnx_runner(file.model) for file in files if file.variant == "fp32"}
    variants = {}
    for variant in dict.fromkeys(file.variant for file in files):
        own = {file.graph: onnx_runner(file.model) for file in files if file.variant == variant}
        variants[variant] = Stages(checkpoint, {**whole, **own})
    contract = load_contract(contract_path(checkpoint.recipe.robot))
    return ExportReport(
        name=checkpoint.recipe.name,
        origin=observations.origin,
        joint_names=contract.joint_names,
        parities=compare(reference, variants, observations),
        sizes={file.name: len(file.model.SerializeToString()) for file in files},
        quantised=quantised,
        versions={library: version(library) for library in _LIBRARIES},
    )
