"""The graphs of a bundle take and return what its manifest implies; one that differs is refused at load."""

import numpy as np
import pytest
from bundle_cases import manifest

from dexora_engines import (
    EngineError,
    MockScript,
    TensorSpec,
    check_graph,
    example_inputs,
    graph_signature,
    open_engine,
)

GRAPHS = ("encoder", "language", "policy", "context", "step")


def mock(signature):
    options = {"script": MockScript(signature.inputs, signature.outputs)}
    return open_engine("mock", "", precision="fp32", options=options)


@pytest.mark.parametrize("graph", GRAPHS)
def test_graph_as_the_manifest_implies_is_accepted_and_runs_on_its_example(graph):
    signature = graph_signature(manifest(), graph)
    engine = mock(signature)
    check_graph(engine, manifest(), graph)
    assert engine.run(example_inputs(engine.inputs, {"V": 4})).keys() == signature.outputs.keys()


def test_sizes_come_from_the_manifest():
    signature = graph_signature(manifest(), "policy")
    assert str(signature.inputs["tokens"]) == f"float32[1, {len(manifest().views)}, 16, 64]"
    assert str(signature.inputs["prefix_mask"]) == "bool[1, 16]"
    assert str(signature.outputs["actions"]) == "float32[1, 16, 36]"
    assert example_inputs(signature.inputs)["view_mask"].all()
    assert str(graph_signature(manifest(), "encoder").inputs["images"]) == "uint8[V, 56, 56, 3]"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.outputs.update(actions=TensorSpec((1, 16, 35), "float32")), "says float32[1, 16, 36]"),
        (
            lambda s: s.inputs.update(state=TensorSpec((1, 36), "float16")),
            "input state of policy is float16[1, 36]",
        ),
        (lambda s: s.inputs.update(state=TensorSpec((36,), "float32")), "input state"),
        (lambda s: s.inputs.pop("noise"), "they must be tokens"),
    ],
)
def test_graph_that_differs_is_refused_by_tensor(change, words):
    signature = graph_signature(manifest(), "policy")
    change(signature)
    with pytest.raises(EngineError) as caught:
        check_graph(mock(signature), manifest(), "policy")
    assert caught.value.code == "DX-ENG-003"
    assert words in caught.value.message


def test_named_size_agrees_with_any_and_is_checked_when_run():
    signature = graph_signature(manifest(), "step")
    engine = mock(signature)
    inputs = example_inputs(engine.inputs, {"layers": 2, "heads": 4, "T": 9, "dh": 16})
    assert engine.run(inputs)["prediction"].shape == (1, 16, 36)
    inputs["context_mask"] = np.ones((1, 8), bool)
    with pytest.raises(EngineError, match="context_mask has shape"):
        engine.run(inputs)
