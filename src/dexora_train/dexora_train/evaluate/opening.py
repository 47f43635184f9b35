"""Opens what is to be evaluated: a bundle as a robot would, a checkpoint in torch, or the scripted expert."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dexora_core.bundle import load_bundle
from dexora_core.contract import RobotContract

from dexora_train.checkpoint import RECIPE
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.expert import ExpertModel
from dexora_train.evaluate.model import Model
from dexora_train.evaluate.settings import EvaluationSettings

EXPERT = "expert"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ModelIdentity:
    """What is evaluated.

    Attributes:
        name: For people.
        digest: Changes with every byte of it.
    """

    name: str
    digest: str


def identify(source: str) -> ModelIdentity:
    """Return what a source is.

    Args:
        source: Directory of a bundle or of a checkpoint, or `expert`.

    Raises:
        EvaluationError: Neither of the three.
        BundleError: The bundle is damaged.
    """
    path = Path(source)
    if source == EXPERT:
        return ModelIdentity(EXPERT, EXPERT)
    if (path / MANIFEST).is_file():
        bundle = load_bundle(path)
        return ModelIdentity(bundle.bundle_id, bundle.manifest_hash)
    if (path / RECIPE).is_file():
        digest = hashlib.sha256()
        for file in sorted(entry for entry in path.iterdir() if entry.is_file()):
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
        return ModelIdentity(f"{path.resolve().name}-{digest.hexdigest()[:12]}", digest.hexdigest())
    raise EvaluationError(
        f"{source}: is neither a bundle ({MANIFEST}) nor a checkpoint ({RECIPE}); give the directory of one, "
        f"or {EXPERT!r} for the scripted expert."
    )


def open_model(source: str, contract: RobotContract, settings: EvaluationSettings) -> Model:
    """Open a model; see `identify` for sources.

    Raises:
        EvaluationError: A setting does not fit this kind of model.
        DexoraError: It cannot be opened.
    """
    if source == EXPERT:
        return ExpertModel(contract)
    # torch and the engines take seconds to import, and the expert needs neither.
    if (Path(source) / MANIFEST).is_file():
        from dexora_train.evaluate.bundle_model import bundle_model  # noqa: PLC0415

        return bundle_model(Path(source), contract, settings)
    from dexora_train.evaluate.checkpoint_model import checkpoint_model  # noqa: PLC0415

    return checkpoint_model(Path(source), contract, settings)
