"""Pictures and figures of open-loop predictions: one small plot per joint, and the error by step."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from dexora_core.motion.limits import FloatArray

from dexora_train.data.layout import ACTION_LEAD_STEPS
from dexora_train.data.reader import LeRobotReader
from dexora_train.evaluate.errors import writing
from dexora_train.evaluate.open_loop import OpenLoop
from dexora_train.evaluate.tables import Grid

_COLUMNS, _WIDTH, _HEIGHT, _GAP, _HEAD = 4, 250, 110, 26, 46
_DEMONSTRATED, _PREDICTED = "#222", "#d9534f"
_LEAST_SPAN_RAD = 0.05


def to_svg(found: OpenLoop, joint_names: Sequence[str], rate_hz: int) -> str:
    """Return one plot per joint: the demonstration in black, each chunk in red from its start on.

    Args:
        found: Predictions of an episode.
        joint_names: Order of the joints.
        rate_hz: Frames per second.
    """
    rows = -(-len(joint_names) // _COLUMNS)
    width, height = _COLUMNS * (_WIDTH + _GAP) + _GAP, _HEAD + rows * (_HEIGHT + _GAP)
    seconds = len(found.demonstrated) / rate_hz
    title = (
        f'episode {found.episode}, "{found.instruction}", {seconds:.1f} s: demonstration black, chunks red'
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="10">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{_GAP}" y="20" font-size="13">{html.escape(title)}</text>',
    ]
    for joint, name in enumerate(joint_names):
        row, column = divmod(joint, _COLUMNS)
        corner = (_GAP + column * (_WIDTH + _GAP), _HEAD + row * (_HEIGHT + _GAP))
        parts += _plot(found, joint, name, corner)
    return "\n".join([*parts, "</svg>", ""])


def _plot(found: OpenLoop, joint: int, name: str, corner: tuple[int, int]) -> list[str]:
    left, top = corner
    demonstrated, chunks = found.demonstrated[:, joint], found.chunks[:, :, joint]
    low, high = _range(demonstrated, chunks)
    last = max(len(demonstrated) - 1, 1)

    def line(first: int, values: FloatArray, colour: str) -> str:
        shown = values[: len(demonstrated) - first]
        points = " ".join(
            f"{left + _WIDTH * (first + k) / last:.1f},{top + _HEIGHT * (high - value) / (high - low):.1f}"
            for k, value in enumerate(shown)
        )
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1"/>'

    frame = f'<rect x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#ccc"/>'
    label = f'<text x="{left}" y="{top - 4}">{html.escape(name)} [{low:.2f} to {high:.2f} rad]</text>'
    starts = [start - ACTION_LEAD_STEPS for start in found.starts]
    curves = [line(start, chunk, _PREDICTED) for start, chunk in zip(starts, chunks, strict=True)]
    return [frame, label, *curves, line(0, demonstrated, _DEMONSTRATED)]


def _range(demonstrated: FloatArray, chunks: FloatArray) -> tuple[float, float]:
    """Return the range of a plot: never so small that noise fills it."""
    low = min(float(demonstrated.min()), float(chunks.min()))
    high = max(float(demonstrated.max()), float(chunks.max()))
    spare = max(_LEAST_SPAN_RAD - (high - low), 0.0) / 2
    return low - spare, high + spare


def error_grid(episodes: Sequence[OpenLoop], joint_names: Sequence[str]) -> Grid:
    """Return the mean absolute error of each joint, over all steps and at three of them.

    Args:
        episodes: Predictions, at least one.
        joint_names: Order of the joints.
    """
    errors = np.concatenate([found.errors() for found in episodes])
    steps = sorted({0, errors.shape[1] // 2, errors.shape[1] - 1})
    means = [np.nanmean(errors, axis=(0, 1)), *(_mean(errors[:, step]) for step in steps)]
    rows = [(name, *(f"{mean[joint]:.4f}" for mean in means)) for joint, name in enumerate(joint_names)]
    rows.append(("all", *(f"{np.nanmean(mean):.4f}" for mean in means)))
    columns = ("joint", "all steps [rad]", *(f"step {step} [rad]" for step in steps))
    count = sum(len(found.starts) for found in episodes)
    return Grid(
        "Open loop", columns, rows, f"Mean absolute errors of {count} chunks against demonstrated actions."
    )


def write_plots(folder: Path, episodes: Sequence[OpenLoop], grid: Grid, reader: LeRobotReader) -> None:
    """Write a plot of each episode, and the table of errors with them in it.

    Args:
        folder: Where they shall be.
        episodes: Predictions.
        grid: What `error_grid` returned.
        reader: The dataset.

    Raises:
        EvaluationError: The folder cannot be written.
    """
    names = [f"episode-{found.episode:06d}.svg" for found in episodes]
    plots = "\n".join(f"![{name}]({name})\n" for name in names)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, found in zip(names, episodes, strict=True):
            (folder / name).write_text(to_svg(found, reader.joint_names, reader.rate_hz))
        (folder / "open_loop.md").write_text(f"# Open loop\n\n{grid.to_markdown()}\n{plots}")


def _mean(values: FloatArray) -> FloatArray:
    """Return the mean over the first axis, NaN where there is nothing to take it of."""
    counts = np.isfinite(values).sum(axis=0)
    sums = np.nansum(values, axis=0)
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
