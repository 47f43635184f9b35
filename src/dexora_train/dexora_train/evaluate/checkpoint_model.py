"""A training checkpoint as a model: the modules that an export writes, in torch, with any number of steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dexora_core.bundle import Manifest
from dexora_core.bundle.manifest import SCHEMA
from dexora_core.contract import RobotContract
from dexora_core.motion.limits import MotionLimits
from dexora_perception.token_encoder import TokenEncoder
from dexora_policy.language_cache import LanguageCache
from dexora_policy.solvers import OneGraph

from dexora_engines import Engine, graph_signature, open_engine
from dexora_train.checkpoint import TOKENIZER, Checkpoint, check_noise_scale, load_checkpoint
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.network import NetworkModel
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.export.bundle_files import manifest_fields
from dexora_train.export.graphs import GraphSpec, encoder_spec, language_spec, policy_specs


def checkpoint_model(path: Path, contract: RobotContract, settings: EvaluationSettings) -> NetworkModel:
    """Open a checkpoint in torch on one thread; context and all denoising steps are one module.

    Raises:
        BundleError: A file is missing or damaged.
        ConfigError: Its head does not have so many steps, or does not start from such noise.
        EvaluationError: It was made for another robot, or a precision was asked for.
    """
    if settings.precision:
        raise EvaluationError(
            f"{path}: a checkpoint runs as it was trained; export it for {settings.precision}."
        )
    checkpoint = load_checkpoint(path)
    if checkpoint.recipe.robot != contract.name:
        raise EvaluationError(f"{path}: is a policy of {checkpoint.recipe.robot}, not of {contract.name}.")
    manifest = _manifest(checkpoint, settings)
    recipe = checkpoint.recipe
    specs = (
        encoder_spec(checkpoint.encoder),
        language_spec(checkpoint.language, recipe.policy.language.max_tokens),
        *policy_specs(checkpoint.policy, recipe.encoder.width, manifest.steps, is_one_graph=True),
    )
    engines = {spec.name: _engine(spec, manifest) for spec in specs}
    language = LanguageCache(path / TOKENIZER, engines["language"].run, recipe.policy.language.max_tokens)
    return NetworkModel(
        manifest,
        MotionLimits.from_contract(contract),
        TokenEncoder(engines["encoder"], manifest),
        language.features,
        OneGraph(engines["policy"].run),
    )


def _manifest(checkpoint: Checkpoint, settings: EvaluationSettings) -> Manifest:
    """Return the manifest of the bundle that the checkpoint would become if it sampled like that."""
    recipe, scale = checkpoint.recipe, settings.noise_scale
    recipe = replace(
        recipe,
        steps=settings.steps or recipe.steps,
        noise_scale=recipe.noise_scale if scale is None else scale,
    )
    check_noise_scale(recipe.noise_scale, recipe.policy.head)
    fields = manifest_fields(replace(checkpoint, recipe=recipe), "fp32")
    return Manifest(schema=SCHEMA, files={}, **fields)


def _engine(spec: GraphSpec, manifest: Manifest) -> Engine:
    signature = graph_signature(manifest, spec.name)
    options = {"module": spec.module, "signature": signature}
    return open_engine("torch", Path(), precision="fp32", options=options)
