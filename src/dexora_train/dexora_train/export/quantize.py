"""A bundle whose default is INT8 only where episodes have shown that this costs no success."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from dexora_core.bundle import Bundle, load_bundle, write_bundle
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal

from dexora_train.checkpoint import load_checkpoint
from dexora_train.evaluate.opening import MANIFEST, identify
from dexora_train.export.dataset_observations import read_observations
from dexora_train.export.gate import FLOAT32, INT8, Gate, Play, Verdict, judge
from dexora_train.export.pipeline import ExportOptions, Progress, export_bundle
from dexora_train.export.report import PARITY_JSON, PARITY_MARKDOWN, gated_files

CANDIDATE = "candidate"


@dataclass(frozen=True)
class Source:
    """What is to be quantised.

    Attributes:
        path: Folder of a checkpoint, or of a bundle that an export gave INT8 graphs.
        calibration: Dataset or observations to calibrate a checkpoint on; None for a bundle.
        with_weights: Whether the safetensors of a checkpoint go into the bundle too.
    """

    path: Path
    calibration: Path | None
    with_weights: bool = True


def work_folder(out: Path) -> Path:
    """Return where the candidate and the episodes of a bundle to be are kept."""
    return out.with_name(f"{out.name}.quantize")


def quantize(source: Source, out: Path, gate: Gate, play: Play, progress: Progress) -> tuple[Bundle, Verdict]:
    """Write a bundle with float32 and INT8 graphs, of which the gate chooses the default.

    Stopped and started again, it goes on where it was; `out` appears at the very end, whole.

    Args:
        source: What is to be quantised.
        out: Where the bundle shall be; nothing may be there yet.
        gate: What INT8 has to hold.
        play: Plays episodes.
        progress: Is told what begins.

    Raises:
        BundleError: There is something at `out`, or the source is neither of the two.
        DexoraError: Calibration, export or an episode failed; what was finished is kept beside `out`.
    """
    if out.exists():
        raise refusal(BundleError, "DX-BND-017", out.name, detail=f"{out} exists already")
    folder = work_folder(out)
    candidate = _candidate(source, folder / CANDIDATE, progress)
    progress("play in float32 and in INT8")
    verdict = judge(candidate, gate, folder, play)
    progress(f"write {out}")
    return _publish(candidate, out, verdict, is_parent=candidate.path == source.path), verdict


def _candidate(source: Source, directory: Path, progress: Progress) -> Bundle:
    """Return a bundle with INT8 graphs: the source itself, one of an earlier call, or one exported now."""
    if (source.path / MANIFEST).is_file():
        if source.calibration:
            raise BundleError(f"{source.path}: is a bundle, calibrated already; leave out --calibration.")
        return load_bundle(source.path)
    if not source.calibration:
        raise BundleError(f"{source.path}: is no bundle; give --calibration with a checkpoint.")
    origin = f"quantised from {identify(str(source.path)).name} on {source.calibration.resolve().name}"
    if directory.exists():
        return _of_earlier_call(directory, origin)
    progress("read the observations")
    checkpoint = load_checkpoint(source.path)
    recipe = replace(checkpoint.recipe, lineage=(*checkpoint.recipe.lineage, origin))
    observations = read_observations(source.calibration, recipe)
    options = ExportOptions("dynamic", source.with_weights)
    return export_bundle(
        replace(checkpoint, recipe=recipe), directory, options, observations, progress
    ).bundle


def _of_earlier_call(directory: Path, origin: str) -> Bundle:
    bundle = load_bundle(directory)
    if bundle.manifest.lineage[-1:] != (origin,):
        raise BundleError(
            f"{directory}: is '{bundle.manifest.lineage[-1]}', not '{origin}'; delete {directory.parent}, or "
            "choose another --out."
        )
    return bundle


def _publish(candidate: Bundle, out: Path, verdict: Verdict, *, is_parent: bool) -> Bundle:
    """Write the candidate's files with the chosen default; report and lineage say what was measured."""
    fields = json.loads(candidate.manifest.to_json())
    del fields["schema"], fields["files"]
    fields["precision"] = INT8 if verdict.is_passed else FLOAT32
    fields["lineage"] = [*candidate.manifest.lineage, verdict.sentence]
    if is_parent:
        fields["parent"] = candidate.manifest_hash
    files: dict[str, Path | bytes] = {name: candidate.file(name) for name in candidate.manifest.files}
    parity_json, parity_markdown = (
        candidate.file(name).read_text() for name in (PARITY_JSON, PARITY_MARKDOWN)
    )
    told = [verdict.sentence, "", *(verdict.grid.to_markdown().splitlines() if verdict.grid else ()), ""]
    report = gated_files(parity_json, parity_markdown, verdict.measured, told)
    return write_bundle(out, fields, {**files, **report})
