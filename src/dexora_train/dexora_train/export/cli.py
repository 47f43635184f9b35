"""The command `dexora-export`: a training checkpoint to a bundle that a robot takes."""

from __future__ import annotations

import logging
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from dexora_core.errors import DexoraError
from rich.console import Console

from dexora_train.checkpoint import load_checkpoint
from dexora_train.export.dataset_observations import read_observations
from dexora_train.export.parity import Parity
from dexora_train.export.pipeline import Exported, ExportOptions, export_bundle
from dexora_train.export.report import NOT_GATED
from dexora_train.export.variants import VARIANTS


class Int8(str, Enum):
    """Choices of INT8."""

    NONE = "none"
    DYNAMIC = "dynamic"
    QDQ = "qdq"
    BOTH = "both"


app = typer.Typer(add_completion=False)


@app.command()
def export_command(
    checkpoint: Annotated[Path, typer.Option(help="Directory of the checkpoint: recipe.json and its files.")],
    out: Annotated[Path, typer.Option(help="Directory of the bundle; must not exist.")],
    int8: Annotated[
        Int8, typer.Option(help="dynamic: ONNX Runtime on a CPU. qdq: TensorRT, float16 elsewhere.")
    ] = Int8.DYNAMIC,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Dataset folder, or observations (.npz), to calibrate and compare on."),
    ] = None,
    weights: Annotated[bool, typer.Option(help="Put the safetensors into the bundle too.")] = True,
) -> None:
    """Turn a checkpoint into a verified bundle: ONNX, INT8, and a report of what that costs each joint."""
    logging.captureWarnings(True)
    console = Console(stderr=True)
    try:
        done = _export(console, checkpoint, out, ExportOptions(int8.value, weights), calibration)
    except DexoraError as error:
        console.print(f"dexora-export: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    parities = done.report.parities if done.report else ()
    for parity in parities:
        console.print(_sentence(parity), highlight=False)
    if calibration is None:
        console.print("[yellow]Made-up observations: give --calibration before this bundle moves a robot.")
    if VARIANTS[int8.value]:
        console.print(NOT_GATED, style="yellow", highlight=False, soft_wrap=True)
    typer.echo(done.bundle.path)
    faults = [parity.fault for parity in parities if parity.fault]
    if faults:
        precision = done.bundle.manifest.precision
        message = f"dexora-export: {'; '.join(faults)}. {precision} is the default of the bundle."
        console.print(message, style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1)


def _export(
    console: Console, checkpoint: Path, out: Path, options: ExportOptions, calibration: Path | None
) -> Exported:
    with console.status("load the checkpoint") as status:
        loaded = load_checkpoint(checkpoint)
        status.update("read the observations")
        observations = read_observations(calibration, loaded.recipe) if calibration else None
        return export_bundle(loaded, out, options, observations, progress=status.update)


def _sentence(parity: Parity) -> str:
    colour = "red" if parity.fault else "green"
    return (
        f"[{colour}]{parity.variant:5}[/] chunk error {100 * parity.chunk_relative:.2g} %, "
        f"worst joint {max(parity.max_rad):.2g} rad, "
        f"prefix {'exact' if parity.is_prefix_exact else 'CHANGED'}"
    )


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
