"""The parity report: JSON for machines, Markdown for people, a bar chart of the joints as SVG."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dexora_train.export.int8 import LARGEST_ERROR, LEAST_SQNR_DB, Quantised
from dexora_train.export.parity import Parity

PARITY_JSON, PARITY_MARKDOWN = "parity.json", "parity.md"
NOT_GATED = "INT8 was not gated by success: `dexora-train quantize` plays episodes with and without it."
_GATE_TITLE = "## INT8 in closed loop"
_COLOURS = {"fp32": "#8da0cb", "int8": "#fc8d62", "qdq": "#66c2a5"}
_ROW_PX, _LABEL_PX, _BAR_PX, _HEAD_PX = 14, 190, 420, 40


@dataclass(frozen=True)
class ExportReport:
    """What an export did to a checkpoint.

    Attributes:
        name: Name of the bundle.
        origin: Where the observations come from.
        joint_names: Order of the joints.
        parities: Each variant against torch.
        sizes: Bytes by file name.
        quantised: INT8 graphs by file name.
        versions: Versions of the libraries used.
    """

    name: str
    origin: str
    joint_names: tuple[str, ...]
    parities: Sequence[Parity]
    sizes: Mapping[str, int]
    quantised: Mapping[str, Quantised]
    versions: Mapping[str, str]

    @property
    def default_precision(self) -> str:
        """What a node on a CPU takes by default: INT8 where it is there and within its bounds."""
        return "int8" if any(item.variant == "int8" and not item.fault for item in self.parities) else "fp32"


def report_files(report: ExportReport) -> dict[str, bytes]:
    """Return the report as files of a bundle, content by name."""
    texts = {PARITY_JSON: to_json(report), PARITY_MARKDOWN: to_markdown(report), "parity.svg": to_svg(report)}
    return {name: text.encode() for name, text in texts.items()}


def to_json(report: ExportReport) -> str:
    """Return everything as JSON text; what is not a number is null."""
    content = {
        "name": report.name,
        "observations": report.origin,
        "joint_names": report.joint_names,
        "parity": [asdict(parity) for parity in report.parities],
        "bytes": dict(report.sizes),
        "versions": dict(report.versions),
        "int8": {
            file: {
                "error": item.error,
                "layers": [
                    {**asdict(layer), "sqnr_db": layer.sqnr_db if math.isfinite(layer.sqnr_db) else None}
                    for layer in item.layers
                ],
            }
            for file, item in report.quantised.items()
        },
        "gate": None,
    }
    return json.dumps(content, indent=1) + "\n"


def to_markdown(report: ExportReport) -> str:
    """Return the report for people."""
    lines = [f"# Parity of {report.name}", ""]
    lines += [
        f"Observations: {report.origin}. Errors are against torch in float32, committed steps left out.",
        "",
    ]
    lines += _table(
        ("variant", "chunks", "tokens", "chunk", "policy alone", "cosine", "worst joint", "prefix"),
        [_parity_row(parity, report.joint_names) for parity in report.parities],
    )
    lines += ["", "![largest error of each joint](parity.svg)", "", "## Files", ""]
    lines += _table(("file", "bytes", "of fp32"), _size_rows(report.sizes))
    if report.quantised:
        lines += ["", "## INT8 layers", ""]
        lines += [f"Bounds: error {LARGEST_ERROR:.0%} per graph, {LEAST_SQNR_DB:g} dB per layer.", ""]
        lines += _table(("file", "INT8 layers", "in float", "worst layer", "error"), _layer_rows(report))
    for file, item in report.quantised.items():
        kept = [layer for layer in item.layers if layer.kept_float]
        if kept:
            lines += [
                "",
                f"In float in {file}:",
                "",
                *(f"- {layer.name}: {layer.kept_float}" for layer in kept),
            ]
    versions = ", ".join(f"{library} {version}" for library, version in report.versions.items())
    lines += ["", f"Made with {versions}.", ""]
    return "\n".join([*lines, *_gate_section([NOT_GATED, ""])] if report.quantised else lines)


def gated_files(
    parity_json: str, parity_markdown: str, measured: Mapping[str, Any], told: Sequence[str]
) -> dict[str, bytes]:
    """Return a report's texts with what episodes have said about INT8, content by name.

    Args:
        parity_json: Text of `to_json`.
        parity_markdown: Text of `to_markdown`.
        measured: For machines.
        told: For people, line by line.
    """
    before = parity_markdown.partition(f"{_GATE_TITLE}\n")[0].rstrip("\n").splitlines()
    markdown = "\n".join([*before, "", *_gate_section(told)])
    content = {**json.loads(parity_json), "gate": measured}
    return {PARITY_JSON: (json.dumps(content, indent=1) + "\n").encode(), PARITY_MARKDOWN: markdown.encode()}


def _gate_section(told: Sequence[str]) -> list[str]:
    return [_GATE_TITLE, "", *told]


def to_svg(report: ExportReport) -> str:
    """Return a bar chart: the largest error of each joint and variant, on one scale."""
    largest = max((value for parity in report.parities for value in parity.max_rad), default=0.0) or 1.0
    rows = len(report.joint_names) * len(report.parities)
    height, width = _HEAD_PX + _ROW_PX * rows + 10, _LABEL_PX + _BAR_PX + 110
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="10">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="8" y="18" font-size="13">{report.name}: largest error of each joint [rad]</text>',
    ]
    for place, parity in enumerate(report.parities):
        colour, left = _COLOURS[parity.variant], _LABEL_PX + 80 * place
        parts.append(f'<text x="{left}" y="34" fill="{colour}">{parity.variant}</text>')
    for joint, name in enumerate(report.joint_names):
        top = _HEAD_PX + _ROW_PX * joint * len(report.parities)
        parts.append(f'<text x="8" y="{top + 10}">{name}</text>')
        for place, parity in enumerate(report.parities):
            parts += _bar(top + _ROW_PX * place, parity.max_rad[joint], largest, _COLOURS[parity.variant])
    return "\n".join([*parts, "</svg>", ""])


def _bar(top: int, value_rad: float, largest_rad: float, colour: str) -> list[str]:
    width = _BAR_PX * value_rad / largest_rad
    return [
        f'<rect x="{_LABEL_PX}" y="{top + 2}" width="{width:.1f}" height="{_ROW_PX - 4}" fill="{colour}"/>',
        f'<text x="{_LABEL_PX + width + 4:.1f}" y="{top + 10}">{value_rad:.2g}</text>',
    ]


def _parity_row(parity: Parity, joint_names: Sequence[str]) -> tuple[str, ...]:
    worst = max(range(len(joint_names)), key=lambda joint: parity.max_rad[joint])
    return (
        parity.variant,
        str(parity.observations),
        _percent(parity.tokens_relative),
        _percent(parity.chunk_relative),
        _percent(parity.policy_relative),
        f"{parity.cosine:.6f}",
        f"{parity.max_rad[worst]:.2g} rad, {joint_names[worst]}",
        "exact" if parity.is_prefix_exact else "CHANGED",
    )


def _size_rows(sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for file, size in sizes.items():
        whole = sizes.get(f"{file.split('.')[0]}.onnx")
        rows.append((file, f"{size}", f"1 / {whole / size:.2f}" if whole and whole != size else ""))
    return rows


def _layer_rows(report: ExportReport) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for file, item in report.quantised.items():
        integer = [layer for layer in item.layers if not layer.kept_float]
        worst = min(integer, key=lambda layer: layer.sqnr_db, default=None)
        told = f"{worst.name}, {worst.sqnr_db:.1f} dB" if worst else "-"
        rows.append(
            (file, str(len(integer)), str(len(item.layers) - len(integer)), told, _percent(item.error))
        )
    return rows


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(titles)} |",
        f"|{'---|' * len(titles)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"
