"""A small valid bundle and ways to break it, for the tests of bundles."""

import json
from dataclasses import asdict
from pathlib import Path

from dexora_core.bundle import SCHEMA, make_statistics, parse_manifest, write_bundle
from dexora_core.bundle.files import MANIFEST, MANIFEST_HASH, manifest_hash_line
from dexora_core.contract import load_contract

ROBOT = Path(__file__).parents[2] / "dexora_description/robots/dexora36.yaml"
FILES = {"policy.onnx": bytes(range(256)) * 40, "encoder.onnx": b"encoder" * 99, "tokenizer.json": b"{}"}


def contract():
    return load_contract(ROBOT)


def fields(**changes):
    robot = contract()
    count = len(robot.joint_names)
    statistics = make_statistics(
        action_p01=[-1.0] * count,
        action_p99=[1.0] * count,
        state_p01=[-0.5] * count,
        state_p99=[1.5] * count,
        dataset="lift, 100 episodes",
    )
    values = {
        "name": "nano",
        "created": "2026-11-20T12:00:00Z",
        "parent": None,
        "robot": robot.name,
        "contract_hash": robot.layout_hash,
        "joint_names": list(robot.joint_names),
        "views": list(robot.views),
        "image_size": 56,
        "tokens_per_view": 16,
        "token_dim": 64,
        "encoder_id": "tiny-test",
        "language": {"kind": "tiny", "max_tokens": 8, "dim": 32, "known_instructions": ["lift the can"]},
        "horizon": 16,
        "step_dt_s": 0.05,
        "head": "mip",
        "steps": 2,
        "schedule": [0.0, 0.9],
        "max_prefix_steps": 4,
        "precision": "fp32",
        "statistics": statistics,
        "requires": {"onnxruntime": ">=1.20"},
        "embodiment": robot.name,
        "lineage": ["trained on lift", "distilled to 2 steps"],
    }
    return values | changes


def write(directory, **changes):
    return write_bundle(directory, fields(**changes), FILES)


def edit(directory, change, *, reseal=True):
    """Apply `change(content)` to the manifest; `reseal` as somebody would who knows the format."""
    content = json.loads((directory / MANIFEST).read_text())
    change(content)
    text = json.dumps(content).encode()
    (directory / MANIFEST).write_bytes(text)
    if reseal:
        (directory / MANIFEST_HASH).write_text(manifest_hash_line(text))


def manifest(**changes):
    """The manifest alone, of files that nobody wrote."""
    content = fields(**changes)
    content |= {"schema": SCHEMA, "statistics": asdict(content["statistics"])}
    content["files"] = {"policy.onnx": {"sha256": "0" * 64, "bytes": 1}}
    return parse_manifest(json.dumps(content))
