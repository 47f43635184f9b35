"""What the tests of the policy node share: a small manifest, tokens, graphs that need no model."""

import json
from dataclasses import asdict

import numpy as np
from dexora_core.bundle import SCHEMA, make_statistics, parse_manifest
from dexora_core.contract import load_contract
from dexora_core.motion.limits import MotionLimits
from dexora_policy.language_cache import LanguageFeatures
from dexora_policy.token_intake import RawTokens, Tokens

from dexora_description import contract_path

MS = 1_000_000
STEP = 50 * MS
CONTRACT = load_contract(contract_path())
LIMITS = MotionLimits.from_contract(CONTRACT)
NAMES, HOME = CONTRACT.joint_names, CONTRACT.home_rad
J, H, V, N, D, L, DL = len(NAMES), 16, len(CONTRACT.views), 4, 8, 6, 5


def fields(**changes):
    """Manifest keys as `write_bundle` takes them."""
    statistics = make_statistics(
        action_p01=CONTRACT.lower_rad,
        action_p99=CONTRACT.upper_rad,
        state_p01=CONTRACT.lower_rad,
        state_p99=CONTRACT.upper_rad,
        dataset="made up",
    )
    values = {
        "name": "tiny",
        "created": "2026-11-20T12:00:00Z",
        "parent": None,
        "robot": CONTRACT.name,
        "contract_hash": CONTRACT.layout_hash,
        "joint_names": list(NAMES),
        "views": list(CONTRACT.views),
        "image_size": 56,
        "tokens_per_view": N,
        "token_dim": D,
        "encoder_id": "eyes-1",
        "language": {
            "kind": "tiny",
            "max_tokens": L,
            "dim": DL,
            "known_instructions": ["lift the box", "sway"],
        },
        "horizon": H,
        "step_dt_s": 0.05,
        "head": "mip",
        "steps": 2,
        "schedule": [0.0, 0.9],
        "max_prefix_steps": 6,
        "precision": "fp32",
        "statistics": statistics,
        "requires": {"onnxruntime": ">=1.20"},
        "embodiment": CONTRACT.name,
        "lineage": ["made up"],
    }
    return values | changes


def manifest(**changes):
    """The manifest alone."""
    content = fields(**changes)
    content |= {"schema": SCHEMA, "statistics": asdict(content["statistics"])}
    content["files"] = {"policy.onnx": {"sha256": "0" * 64, "bytes": 1}}
    return parse_manifest(json.dumps(content))


def raw_tokens(now=0, **changes):
    """Tokens of all views as they arrive."""
    values = {
        "encoder_id": "eyes-1",
        "view_names": CONTRACT.views,
        "view_stamps_ns": [now - 50 * MS - k for k in range(V)],
        "data": np.ones((V, N, D), np.float32),
        "scale": 1.0,
        "encode_end_ns": now - 10 * MS,
    }
    return RawTokens(**(values | changes))


def tokens():
    """Tokens of all views as they are kept."""
    return Tokens(np.ones((V, N, D), np.float32), np.ones(V, bool), 0, 0)


def language():
    """Features of nothing."""
    return LanguageFeatures(np.zeros((1, L, DL), np.float32), np.ones((1, L), bool))
