"""A bundle of the export loads, fits its manifest and the robot, and says the same as torch.

Pins: a committed prefix comes back bit for bit; folded modulation changes nothing; no local path is shipped.
"""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from dexora_core.bundle import check_bundle, load_bundle
from dexora_core.contract import load_contract
from dexora_train.export.graphs import PolicyGraph
from dexora_train.export.observations import made_up_observations
from dexora_train.export.pipeline import ExportOptions, export_bundle, graph_specs
from dexora_train.export.stages import Stages, onnx_runner, torch_runner
from dexora_train.export.to_onnx import export_onnx
from dexora_train.nano_bundle import nano_checkpoint

from dexora_description import contract_path
from dexora_engines import check_graph, open_engine


@pytest.fixture(scope="module")
def checkpoint():
    made = nano_checkpoint("nano")
    return replace(made, recipe=replace(made.recipe, n_action_steps=3))


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    directory = tmp_path_factory.mktemp("export") / "nano"
    observations = made_up_observations(checkpoint, 6)
    return export_bundle(checkpoint, directory, ExportOptions(int8="both"), observations)


@pytest.fixture(scope="module")
def bundle(exported):
    return load_bundle(exported.bundle.path)


def test_bundle_written_fits_robot_and_manifest(bundle):
    check_bundle(bundle, load_contract(contract_path("dexora36")))
    assert bundle.manifest.n_action_steps == 3
    assert bundle.manifest.noise_scale == 1.0
    for graph in ("encoder", "language", "policy"):
        engine = open_engine("onnx", bundle.file(f"{graph}.onnx"), precision="fp32")
        check_graph(engine, bundle.manifest, graph)
        assert engine.metadata["bundle"] == "nano-random-0"


@pytest.mark.parametrize("suffix", [".int8", ".qdq"])
@pytest.mark.parametrize("graph", ["encoder", "policy"])
def test_int8_variant_has_the_same_inputs_and_outputs(bundle, graph, suffix):
    engine = open_engine("onnx", bundle.file(f"{graph}{suffix}.onnx"), precision="int8")
    check_graph(engine, bundle.manifest, graph)


def test_every_variant_keeps_the_prefix_exactly_and_the_chunk_within_bounds(exported):
    by_name = {parity.variant: parity for parity in exported.report.parities}
    assert set(by_name) == {"fp32", "int8", "qdq"}
    assert all(parity.is_prefix_exact for parity in by_name.values())
    assert by_name["fp32"].chunk_relative < 1e-5
    assert max(by_name["fp32"].max_rad) < 1e-5
    for variant in ("int8", "qdq"):
        assert by_name[variant].chunk_relative <= 0.02
        assert by_name[variant].cosine >= 0.995
        assert len(by_name[variant].max_rad) == 36


def test_golden_actions_are_those_of_every_variant(bundle):
    with np.load(bundle.file("golden.npz"), allow_pickle=False) as stored:
        golden = dict(stored)
    expected = golden.pop("actions")
    assert expected.shape == (3, 1, 16, 36)
    for suffix, bound in (("", 1e-5), (".int8", 0.05), (".qdq", 0.05)):
        run = onnx_runner(onnx.load(str(bundle.file(f"policy{suffix}.onnx"))))
        for index, wanted in enumerate(expected):
            found = run({name: values[index] for name, values in golden.items()})["actions"]
            np.testing.assert_allclose(found, wanted, atol=bound)


def test_report_in_the_bundle_tells_radians_per_joint(bundle):
    content = json.loads(bundle.file("parity.json").read_text())
    assert [item["variant"] for item in content["parity"]] == ["fp32", "int8", "qdq"]
    assert len(content["parity"][1]["max_rad"]) == len(content["joint_names"]) == 36
    assert "worst joint" in bundle.file("parity.md").read_text()
    assert bundle.file("parity.svg").read_text().count("<rect") == 1 + 3 * 36


def test_policy_graph_folded_holds_no_time_layers(bundle):
    model = onnx.load(str(bundle.file("policy.onnx")))
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Sin", "Cos", "Sigmoid"}
    assert not [tensor.name for tensor in model.graph.initializer if ".time." in tensor.name]
    assert "LayerNormalization" in kinds
    assert "IsNaN" not in kinds


def test_shipped_files_tell_nothing_of_this_machine(bundle):
    for name in bundle.manifest.files:
        if name.endswith(".onnx"):
            content = bundle.file(name).read_bytes()
            assert b"site-packages" not in content
            assert b"/dexora_" not in content


def test_folded_modulation_equals_the_network(checkpoint):
    reference = checkpoint.policy
    folded = PolicyGraph(reference, steps=2)
    spec = next(spec for spec in graph_specs(checkpoint) if spec.name == "policy")
    prefix, prefix_mask, noise = (spec.example[name] for name in ("prefix", "prefix_mask", "noise"))
    with torch.no_grad():
        context = reference.context(*list(spec.example.values())[:6])
        expected = reference.sample(context, prefix + 0.3, prefix_mask, noise, 2)
        found = folded(*list(spec.example.values())[:6], prefix + 0.3, prefix_mask, noise)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def example_feed(checkpoint):
    spec = next(spec for spec in graph_specs(checkpoint) if spec.name == "policy")
    return {name: tensor.numpy().copy() for name, tensor in spec.example.items()}


def test_nan_in_goes_out_as_nan(bundle, checkpoint):
    run = onnx_runner(onnx.load(str(bundle.file("policy.onnx"))))
    feed = example_feed(checkpoint)
    feed["tokens"][0, 1, 3, :] = np.nan
    assert np.isnan(run(feed)["actions"]).any()


def test_masked_view_has_no_influence(bundle, checkpoint):
    run = onnx_runner(onnx.load(str(bundle.file("policy.onnx"))))
    feed = example_feed(checkpoint)
    feed["view_mask"][0, 2] = False
    before = run(feed)["actions"]
    feed["tokens"][0, 2] = 7.0
    np.testing.assert_array_equal(run(feed)["actions"], before)


def test_encoder_takes_any_number_of_views(bundle):
    run = onnx_runner(onnx.load(str(bundle.file("encoder.onnx"))))
    images = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3)).astype(np.uint8)
    whole = run({"images": images, "view_ids": np.arange(4)})["tokens"]
    for views in (1, 2, 3):
        part = run({"images": images[1 : 1 + views], "view_ids": np.arange(1, 1 + views) % 4})["tokens"]
        np.testing.assert_allclose(part, whole[1 : 1 + views], atol=1e-5)


def test_many_steps_as_context_and_step_equal_torch():
    checkpoint = nano_checkpoint("nano", head="v")
    specs = list(graph_specs(checkpoint))
    assert [spec.name for spec in specs] == ["encoder", "language", "context", "step"]
    observations = made_up_observations(checkpoint, 2)
    ways = []
    for run_of in (
        lambda spec: onnx_runner(export_onnx(spec, {})),
        lambda spec: torch_runner(spec.module, tuple(spec.example), spec.outputs),
    ):
        stages = Stages(checkpoint, {spec.name: run_of(spec) for spec in specs})
        ways.append(stages.actions(stages.policy_feed(observations, 1)))
    np.testing.assert_allclose(*ways, atol=1e-4)
    feed = stages.policy_feed(observations, 1)
    with torch.no_grad():
        tensors = {name: torch.from_numpy(np.asarray(value)) for name, value in feed.items()}
        context = checkpoint.policy.context(*list(tensors.values())[:6])
        sampled = checkpoint.policy.sample(context, *list(tensors.values())[6:])[0]
    np.testing.assert_allclose(ways[0], sampled.numpy(), atol=1e-4)


def test_runtime_fuses_every_rms_norm(bundle, tmp_path):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "fused.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(bundle.file("policy.onnx"), options)
    kinds = [node.op_type for node in onnx.load(tmp_path / "fused.onnx").graph.node]
    assert kinds.count("SimplifiedLayerNormalization") == 18
    assert "Sqrt" not in kinds


def test_pictures_are_cast_before_anything_else_reads_them(bundle):
    nodes = onnx.load(str(bundle.file("encoder.qdq.onnx"))).graph.node
    assert {node.op_type for node in nodes if "images" in node.input} <= {"Cast", "Shape"}
