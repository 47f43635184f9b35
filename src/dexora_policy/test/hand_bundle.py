"""A bundle without training: real graphs, written by hand, whose robot does what can be foretold.

The policy goes to a pose, fast at first and then slower: home, or home with every joint a little towards the
middle of its range, depending on the first word of the instruction. The encoder averages patches.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from dexora_core.bundle import make_statistics, write_bundle
from dexora_core.contract import load_contract
from onnx import TensorProto, helper, numpy_helper

from dexora_description import contract_path

CONTRACT = load_contract(contract_path())
J, V = len(CONTRACT.joint_names), len(CONTRACT.views)
H, N, D, L, DL, SIZE = CONTRACT.rates.horizon_steps, 16, 64, 8, 4, 56
INSTRUCTIONS = ("go home", "wave now")
WORDS = {"[PAD]": 0, "wave": 1, "go": 2, "home": 3, "now": 4, "[UNK]": 5}
TAU_S = 1.0
REACH_RAD = 0.3


def wave_pose():
    """The other pose, shape (J,) [rad]."""
    middle = (CONTRACT.lower_rad + CONTRACT.upper_rad) / 2
    turning = np.array([name[-1] in "46" and "arm" in name for name in CONTRACT.joint_names])
    reach = np.where(turning, REACH_RAD, 0.05) * np.sign(middle - CONTRACT.home_rad)
    return np.clip(CONTRACT.home_rad + reach, CONTRACT.lower_rad + 0.02, CONTRACT.upper_rad - 0.02)


def _graph(name, nodes, inputs, outputs, constants):
    def values(table):
        return [helper.make_tensor_value_info(key, kind, shape) for key, (kind, shape) in table.items()]

    known = [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()]
    graph = helper.make_graph(nodes, name, values(inputs), values(outputs), known)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def encoder():
    """Images to the mean of every patch, the same in every dimension."""
    side = round(N**0.5)
    patch = SIZE // side
    nodes = [
        helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["float", "split"], ["patches"]),
        helper.make_node("ReduceMean", ["patches", "axes"], ["means"], keepdims=0),
        helper.make_node("Reshape", ["means", "flat"], ["column"]),
        helper.make_node("Cast", ["view_ids"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["ids", "views"], ["offset"]),
        helper.make_node("Add", ["column", "offset"], ["sum"]),
        helper.make_node("Mul", ["sum", "scale"], ["tokens"]),
    ]
    constants = {
        "split": np.array([-1, side, patch, side, patch, 3]),
        "axes": np.array([2, 4, 5]),
        "flat": np.array([-1, N, 1]),
        "views": np.array([-1, 1, 1]),
        "scale": np.full((1, 1, D), 1 / 255, np.float32),
    }
    inputs = {
        "images": (TensorProto.UINT8, ["V", SIZE, SIZE, 3]),
        "view_ids": (TensorProto.INT64, ["V"]),
    }
    return _graph("encoder", nodes, inputs, {"tokens": (TensorProto.FLOAT, ["V", N, D])}, constants)


def language():
    """Features: 1 where the word is `wave`, 0 elsewhere."""
    nodes = [
        helper.make_node("Equal", ["input_ids", "wave"], ["is_wave"]),
        helper.make_node("Cast", ["is_wave"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["float", "last"], ["column"]),
        helper.make_node("Mul", ["column", "wide"], ["words"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["mask_column"]),
        helper.make_node("Mul", ["words", "mask_column"], ["features"]),
    ]
    constants = {"wave": np.array(1), "last": np.array([2]), "wide": np.ones((1, 1, DL), np.float32)}
    ids = (TensorProto.INT64, [1, L])
    inputs = {"input_ids": ids, "attention_mask": ids}
    return _graph("language", nodes, inputs, {"features": (TensorProto.FLOAT, [1, L, DL])}, constants)


def policy(statistics, step_s, factor=1.0):
    """Actions that go to the pose of the instruction; `factor` spoils them (NaN, or far outside)."""
    home = statistics.normalise_action(CONTRACT.home_rad)
    shift = statistics.normalise_action(wave_pose()) - home
    # The state is normalised by statistics of its own, which are the same here.
    gains = 1 - np.exp(-np.arange(H) * step_s / TAU_S)
    # What is not needed for the motion is read all the same, so that a wrong input is noticed.
    unread = ("tokens", "view_mask", "language_mask", "state_mask", "noise")
    nodes = [
        helper.make_node("ReduceMax", ["language"], ["word"], keepdims=0),
        helper.make_node("Mul", ["word", "shift"], ["moved"]),
        helper.make_node("Add", ["moved", "home"], ["goal"]),
        helper.make_node("Sub", ["goal", "state"], ["way"]),
        helper.make_node("Unsqueeze", ["way", "one"], ["way3"]),
        helper.make_node("Mul", ["way3", "gains"], ["part"]),
        helper.make_node("Unsqueeze", ["state", "one"], ["state3"]),
        helper.make_node("Add", ["state3", "part"], ["free"]),
        helper.make_node("Unsqueeze", ["prefix_mask", "two"], ["mask3"]),
        helper.make_node("Where", ["mask3", "prefix", "free"], ["joined"]),
    ]
    sums = []
    for name in unread:
        nodes.append(helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("ReduceMean", [f"{name}_f"], [f"{name}_m"], keepdims=0))
        sums.append(f"{name}_m")
    nodes += [
        helper.make_node("Sum", sums, ["total"]),
        helper.make_node("Mul", ["total", "nothing"], ["zero"]),
        helper.make_node("Add", ["joined", "zero"], ["sum"]),
        helper.make_node("Mul", ["sum", "factor"], ["actions"]),
    ]
    constants = {
        "home": home[None].astype(np.float32),
        "shift": shift[None].astype(np.float32),
        "gains": gains[None, :, None].astype(np.float32),
        "one": np.array([1]),
        "two": np.array([2]),
        "nothing": np.float32(0.0),
        "factor": np.float32(factor),
    }
    real, flag = TensorProto.FLOAT, TensorProto.BOOL
    chunk = (real, [1, H, J])
    inputs = {
        "tokens": (real, [1, V, N, D]),
        "view_mask": (flag, [1, V]),
        "language": (real, [1, L, DL]),
        "language_mask": (flag, [1, L]),
        "state": (real, [1, J]),
        "state_mask": (flag, [1, J]),
        "prefix": chunk,
        "prefix_mask": (flag, [1, H]),
        "noise": chunk,
    }
    return _graph("policy", nodes, inputs, {"actions": chunk}, constants)


def tokenizer():
    """One token per word."""
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": WORDS, "unk_token": "[UNK]"},
    }
    return json.dumps(content).encode()


def build(directory: Path, *, factor: float = 1.0, files=None, **changes):
    """Write the bundle and return it.

    Args:
        directory: Where; nothing may be there.
        factor: What every action is multiplied by; NaN or 9.0 make a policy that must be refused.
        files: Further files.
        changes: Other values of the manifest.
    """
    limits = {"p01": CONTRACT.lower_rad, "p99": CONTRACT.upper_rad}
    statistics = make_statistics(
        **{f"{what}_{end}": values for what in ("action", "state") for end, values in limits.items()},
        dataset="none: written by hand",
    )
    fields = {
        "name": "hand-written",
        "created": "2026-11-20T12:00:00Z",
        "parent": None,
        "robot": CONTRACT.name,
        "contract_hash": CONTRACT.layout_hash,
        "joint_names": list(CONTRACT.joint_names),
        "views": list(CONTRACT.views),
        "image_size": SIZE,
        "tokens_per_view": N,
        "token_dim": D,
        "encoder_id": "patch-means",
        "language": {
            "kind": "words",
            "max_tokens": L,
            "dim": DL,
            "known_instructions": list(INSTRUCTIONS),
        },
        "horizon": H,
        "step_dt_s": CONTRACT.rates.step_dt_s,
        "head": "mip",
        "steps": 2,
        "schedule": [0.0, 0.9],
        "max_prefix_steps": 8,
        "precision": "fp32",
        "statistics": statistics,
        "requires": {"onnxruntime": ">=1.20"},
        "embodiment": CONTRACT.name,
        "lineage": ["written by hand"],
    }
    content = {
        "encoder.onnx": encoder(),
        "language.onnx": language(),
        "policy.onnx": policy(statistics, CONTRACT.rates.step_dt_s, factor),
        "tokenizer.json": tokenizer(),
    }
    return write_bundle(directory, fields | changes, content | (files or {}))
