"""Opens what is to be evaluated: a bundle as a robot would, a checkpoint in torch, or the scripted expert."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dexora_core.bundle import load_bundle
from dexora_core.contract import RobotContract

from dexora_train.checkpoint import RECIPE
from dexora_train.evaluate.bundle_model import bundle_model
from dexora_train.evaluate.checkpoint_model import checkpoint_model
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.expert import ExpertModel
from dexora_train.evaluate.model import Model
from dexora_train.evaluate.network import NetworkModel
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
    raise _unknown(source)


def open_model(source: str, contract: RobotContract, settings: EvaluationSettings) -> Model:
    """Open a model; see `identify` for sources.

    Raises:
        EvaluationError: A setting does not fit this kind of model.
        DexoraError: It cannot be opened.
    """
    return ExpertModel(contract) if source == EXPERT else open_network(source, contract, settings)


def open_network(source: str, contract: RobotContract, settings: EvaluationSettings) -> NetworkModel:
    """Open a model that is a network: a bundle or a checkpoint.

    Raises:
        EvaluationError: It is neither, or a setting does not fit this kind of model.
        DexoraError: It cannot be opened.
    """
    path = Path(source)
    if (path / MANIFEST).is_file():
        return bundle_model(path, contract, settings)
    if (path / RECIPE).is_file():
        return checkpoint_model(path, contract, settings)
    raise _unknown(source)


def _unknown(source: str) -> EvaluationError:
    return EvaluationError(
        f"{source}: is neither a bundle ({MANIFEST}) nor a checkpoint ({RECIPE}); give the directory of one, "
        f"or {EXPERT!r} for the scripted expert."
    )
