"""Opening a graph of a bundle: the right file for engine and precision, and only with its own statistics."""

import numpy as np
import pytest
from bundle_cases import fields, manifest
from dexora_core.bundle import BundleError, write_bundle
from onnx_models import model

from dexora_engines import EngineError, graph_file, open_graph


def language(statistics):
    """A language graph of the sizes in `bundle_cases`, which carries a hash of statistics."""
    ids = ("int64", (1, 8))
    metadata = {"dexora.statistics": statistics} if statistics else None
    nodes = [("Unsqueeze", ("input_ids", "axis"), ("wide",)), ("Expand", ("wide", "shape"), ("many",))]
    nodes += [("Shape", ("attention_mask",), ("unused",)), ("CastLike", ("many", "one"), ("features",))]
    constants = {
        "axis": np.array([2], np.int64),
        "shape": np.array([1, 8, 32], np.int64),
        "one": np.ones(1, np.float32),
    }
    return model(
        nodes,
        {"input_ids": ids, "attention_mask": ids},
        {"features": ("float32", (1, 8, 32))},
        constants,
        metadata,
    )


def encoder(size=56, tokens=16, dim=64):
    """An encoder of the sizes in `bundle_cases`: every token is the mean brightness of its view."""
    nodes = [
        ("CastLike", ("images", "one"), ("floats",)),
        ("ReduceMean", ("floats", "axes"), ("mean",)),
        ("Reshape", ("mean", "column"), ("narrow",)),
        ("Mul", ("narrow", "wide"), ("brightness",)),
        ("CastLike", ("view_ids", "one"), ("ids",)),
        ("Reshape", ("ids", "column"), ("columns",)),
        ("Mul", ("columns", "zero"), ("nothing",)),
        ("Add", ("brightness", "nothing"), ("tokens",)),
    ]
    constants = {
        "one": np.ones(1, np.float32),
        "zero": np.zeros(1, np.float32),
        "axes": np.array([1, 2, 3], np.int64),
        "column": np.array([-1, 1, 1], np.int64),
        "wide": np.ones((1, tokens, dim), np.float32),
    }
    inputs = {"images": ("uint8", ("V", size, size, 3)), "view_ids": ("int64", ("V",))}
    return model(nodes, inputs, {"tokens": ("float32", ("V", tokens, dim))}, constants)


def bundle(path, statistics=""):
    files = {"language.onnx": language(statistics), "language.int8.onnx": language(statistics)}
    return write_bundle(path, fields(), files)


def test_file_depends_on_engine_and_precision():
    assert graph_file("policy", "onnx", "fp32") == "policy.onnx"
    assert graph_file("policy", "tensorrt", "fp16") == "policy.onnx"
    assert graph_file("policy", "onnx", "int8") == "policy.int8.onnx"
    assert graph_file("policy", "tensorrt", "int8") == "policy.qdq.onnx"


def test_graph_opens_in_the_precision_of_the_manifest_or_another(tmp_path):
    made = bundle(tmp_path / "nano", manifest().statistics.hash)
    assert open_graph(made, "language", "onnx").precision == "fp32"
    assert open_graph(made, "language", "onnx", precision="int8", threads=2).precision == "int8"
    assert open_graph(made, "policy", "mock").run
    with pytest.raises(BundleError, match=r"language\.qdq\.onnx \(listed are language\.onnx, language\.int8"):
        open_graph(made, "language", "tensorrt", precision="int8")


def test_graph_without_a_hash_is_accepted_and_one_with_another_is_refused(tmp_path):
    open_graph(bundle(tmp_path / "plain"), "language", "onnx")
    with pytest.raises(EngineError, match=r"DX-ENG-010: .*language carries 0123456789ab, the manifest"):
        open_graph(bundle(tmp_path / "other", "0123456789abcdef"), "language", "onnx")


def test_encoder_takes_any_number_of_views(tmp_path):
    made = write_bundle(tmp_path / "nano", fields(), {"encoder.onnx": encoder()})
    engine = open_graph(made, "encoder", "onnx")
    for views in (1, 3):
        images = np.full((views, 56, 56, 3), 7, np.uint8)
        tokens = engine.run({"images": images, "view_ids": np.arange(views)})["tokens"]
        assert tokens.shape == (views, 16, 64)
        assert (tokens == 7).all()
