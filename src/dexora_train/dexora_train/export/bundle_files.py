"""From a checkpoint and its graphs to the files and the manifest of a bundle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import onnx
from dexora_core.bundle import Bundle, LanguageSpec, write_bundle
from dexora_core.contract import load_contract
from dexora_core.records import to_dict
from dexora_policy.solver_plan import solver_plan
from safetensors.torch import save as save_tensors

from dexora_description import contract_path
from dexora_train.checkpoint import TOKENIZER, Checkpoint, stored_parts

CONFIG = "config.json"
PRECISION_SUFFIX = {"fp32": "", "int8": ".int8", "qdq": ".qdq"}
"""Part of a graph's file name: float, dynamic INT8 for a CPU, Q/DQ INT8 with float16 for TensorRT."""
LEAST_ONNXRUNTIME = ">=1.23"


@dataclass(frozen=True)
class GraphFile:
    """One graph of a bundle to be.

    Attributes:
        graph: `encoder`, `language`, `policy`, `context` or `step`.
        variant: `fp32`, `int8` or `qdq`.
        model: Its content.
    """

    graph: str
    variant: str
    model: onnx.ModelProto

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{self.graph}{PRECISION_SUFFIX[self.variant]}.onnx"


def write_export(
    checkpoint: Checkpoint,
    graphs: list[GraphFile],
    directory: Path,
    *,
    extra: Mapping[str, bytes],
    precision: str,
    with_weights: bool,
) -> Bundle:
    """Write a bundle.

    Args:
        checkpoint: Where the graphs came from.
        graphs: All graphs in all variants.
        directory: Where the bundle shall be; nothing may be there yet.
        extra: Further files, such as the parity report.
        precision: What a node on a CPU takes by default.
        with_weights: Whether the safetensors go in too: for the torch engine, and to train on.

    Raises:
        BundleError: It cannot be written, or would be refused when it is loaded.
    """
    recipe = checkpoint.recipe
    files: dict[str, Path | bytes] = {file.name: file.model.SerializeToString() for file in graphs}
    files |= extra
    files[TOKENIZER] = checkpoint.tokenizer.encode()
    configs = {"encoder": to_dict(recipe.encoder), "policy": to_dict(recipe.policy)}
    files[CONFIG] = (json.dumps(configs, indent=1) + "\n").encode()
    if with_weights:
        for part in stored_parts(recipe):
            files[f"{part}.safetensors"] = _weights(checkpoint, part)
    return write_bundle(directory, manifest_fields(checkpoint, precision), files)


def manifest_fields(checkpoint: Checkpoint, precision: str) -> dict[str, Any]:
    """Return every key of the manifest but schema and files.

    Args:
        checkpoint: What the bundle is made of.
        precision: What a node on a CPU takes by default.
    """
    recipe = checkpoint.recipe
    contract = load_contract(contract_path(recipe.robot))
    language = recipe.policy.language
    return {
        "name": recipe.name,
        "created": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "parent": recipe.parent or None,
        "robot": contract.name,
        "contract_hash": contract.layout_hash,
        "joint_names": contract.joint_names,
        "views": recipe.encoder.views,
        "image_size": recipe.encoder.image_size,
        "tokens_per_view": recipe.encoder.tokens_per_view,
        "token_dim": recipe.encoder.width,
        "encoder_id": encoder_id(checkpoint),
        "language": LanguageSpec(language.kind, language.max_tokens, language.dim, recipe.known_instructions),
        "horizon": recipe.policy.horizon,
        "step_dt_s": recipe.step_dt_s,
        "head": recipe.policy.head,
        "steps": recipe.steps,
        "schedule": [step.time for step in solver_plan(recipe.policy.head, recipe.steps)],
        "max_prefix_steps": recipe.max_prefix_steps,
        "n_action_steps": recipe.n_action_steps,
        "noise_scale": recipe.noise_scale,
        "precision": precision,
        "statistics": recipe.statistics,
        "requires": {"onnxruntime": LEAST_ONNXRUNTIME},
        "embodiment": recipe.policy.embodiments[0],
        "lineage": recipe.lineage,
    }


def encoder_id(checkpoint: Checkpoint) -> str:
    """Return what tells one encoder's tokens from another's: kind, size and a hash of all its weights."""
    config = checkpoint.recipe.encoder
    digest = hashlib.sha256(json.dumps(to_dict(config), sort_keys=True).encode())
    digest.update(_weights(checkpoint, "encoder"))
    return f"{config.backbone}-{config.image_size}-{digest.hexdigest()[:12]}"


def _weights(checkpoint: Checkpoint, part: str) -> bytes:
    return save_tensors(
        {name: value.contiguous() for name, value in checkpoint.module(part).state_dict().items()}
    )
