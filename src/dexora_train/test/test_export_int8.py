"""What is quantised and what is not, in both forms; the size that follows; the bounds that give layers back.

Pins: ModelOpt's and ONNX Runtime's default op sets quantise residual sums, which ruins transformers.
"""

import numpy as np
import onnx
import pytest
import torch
from dexora_core.errors import BundleError
from dexora_train.export.calibration import Activation
from dexora_train.export.dynamic import quantise_dynamic
from dexora_train.export.graphs import GraphSpec
from dexora_train.export.int8 import quantise, relative_error, sensitivity
from dexora_train.export.integers import dynamic_sqnr_db, quantise_weight, round_static, sqnr_db
from dexora_train.export.onnx_graph import OnnxGraph
from dexora_train.export.qdq import check_operators
from dexora_train.export.session import open_model
from dexora_train.export.to_onnx import export_onnx
from torch import nn

WIDTH, ROWS = 64, 24


class Block(nn.Module):
    """Attention-free stand-in: a residual feed-forward used twice, a sensitive layer, and a bad one."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.decoder = nn.ModuleDict({"outputs": nn.ModuleList([nn.Linear(WIDTH, 8)])})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(2):
            x = x + self.down(nn.functional.gelu(self.up(self.norm(x))))
        return self.decoder["outputs"][0](x)


def spec_of(module):
    return GraphSpec("policy", module, {"x": torch.randn(1, ROWS, WIDTH)}, ("y",), {})


def nodes_of(graph, kind):
    return [node for node in graph.nodes if node.op_type == kind]


@pytest.fixture(scope="module")
def spec():
    torch.manual_seed(0)
    return spec_of(Block().eval())


@pytest.fixture(scope="module")
def graph(spec):
    return OnnxGraph(export_onnx(spec, {}))


@pytest.fixture(scope="module")
def feeds():
    generator = np.random.default_rng(0)
    return [{"x": generator.standard_normal((1, ROWS, WIDTH)).astype(np.float32)} for _ in range(8)]


def error_against(graph, feeds):
    exact = [open_model(graph.model).run(None, feed)[0] for feed in feeds]

    def error_of(candidate):
        session = open_model(candidate.model)
        return relative_error((a, session.run(None, feed)[0]) for a, feed in zip(exact, feeds, strict=True))

    return error_of


@pytest.mark.parametrize("mode", ["dynamic", "qdq"])
def test_weight_products_are_quantised_and_sensitive_ones_are_not(graph, feeds, mode):
    result = quantise(mode, graph, feeds, error_against(graph, feeds))
    assert {layer.name for layer in result.layers if not layer.kept_float} == {"up", "down"}
    kept = [layer for layer in result.layers if layer.kept_float]
    assert [(layer.name, layer.kept_float) for layer in kept] == [("decoder.outputs.0", "final projection")]
    assert result.error <= 0.02


def test_sums_of_integers_are_exact_on_any_processor():
    layer = nn.Linear(WIDTH, 8, bias=False)
    nn.init.ones_(layer.weight)
    graph = OnnxGraph(export_onnx(spec_of(layer), {}))
    result = quantise_dynamic(graph, [node.name for node in graph.matmuls()])
    sums = open_model(result.model).run(None, {"x": np.ones((1, ROWS, WIDTH), np.float32)})[0]
    assert sums == pytest.approx(WIDTH), "products of 8 bits were added in 16"


def test_qdq_pairs_surround_weight_products_only(graph, feeds):
    result = quantise("qdq", graph, feeds, error_against(graph, feeds)).graph
    readers = {node.op_type for node in result.nodes if any("dequantised" in name for name in node.input)}
    assert readers == {"MatMul"}
    dequantised = {o for node in result.nodes if node.op_type == "DequantizeLinear" for o in node.output}
    for node in result.nodes:
        if dequantised.intersection(node.input):
            assert node.op_type == "MatMul"
            assert set(node.input) <= dequantised
    weights = [node for node in nodes_of(result, "DequantizeLinear") if result.is_constant(node.input[0])]
    assert len(weights) == 4
    for node in weights:
        integers, scales = result.constant(node.input[0]), result.constant(node.input[1])
        assert integers.dtype == np.int8
        assert scales.shape == (integers.shape[1],)
        assert not result.constant(node.input[2]).any()


def test_weight_of_two_steps_is_stored_once(graph, feeds):
    result = quantise("qdq", graph, feeds, error_against(graph, feeds)).graph
    integers = [tensor for tensor in result.graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
    assert sum(len(tensor.dims) == 2 for tensor in integers) == 2


def test_each_step_has_its_own_input_scale(graph, feeds):
    result = quantise("qdq", graph, feeds, error_against(graph, feeds)).graph
    scales = [float(result.constant(node.input[1])) for node in nodes_of(result, "QuantizeLinear")]
    assert len(scales) == 4
    assert len(set(scales)) == 4


@pytest.mark.parametrize("mode", ["dynamic", "qdq"])
def test_size_is_a_quarter_of_what_was_quantised(graph, feeds, mode):
    result = quantise(mode, graph, feeds, error_against(graph, feeds))
    quantised_weights = 2 * 4 * WIDTH * WIDTH
    expected = content_bytes(graph) - 3 * quantised_weights + scales_bytes(mode)
    assert content_bytes(result.graph) == pytest.approx(expected, rel=0.02)


def content_bytes(graph):
    return sum(graph.constant(tensor.name).nbytes for tensor in graph.graph.initializer)


def scales_bytes(mode):
    return 5 * WIDTH * (1 + 4)  # a float and a zero point of one byte per output channel


def test_qdq_in_float16_has_float32_ends(spec, graph, feeds):
    half = OnnxGraph(export_onnx(spec, {}, is_half=True))
    result = quantise("qdq", graph, feeds, error_against(graph, feeds), base=half)
    assert [opset.version for opset in result.graph.model.opset_import] == [20]
    for node in result.graph.nodes:
        if node.op_type == "QuantizeLinear":
            assert result.graph.constant(node.input[1]).dtype == np.float16
    assert result.graph.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert result.graph.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert result.error <= 0.02


def test_layer_that_would_lose_too_much_goes_back_to_float(feeds):
    torch.manual_seed(0)
    block = Block().eval()
    with torch.no_grad():
        block.norm.weight[0] = 3e5  # one huge channel leaves no level for the others
        block.up.weight[:, 0] = 0.0
    graph = OnnxGraph(export_onnx(spec_of(block), {}))
    result = quantise("qdq", graph, feeds, error_against(graph, feeds))
    reasons = {layer.name: layer.kept_float for layer in result.layers}
    assert reasons["up"] == "below 20 dB"
    assert reasons["down"] == ""


def test_error_above_bound_gives_layers_back_until_it_holds(graph, feeds):
    answers = iter([0.5, 0.01])
    result = quantise("dynamic", graph, feeds, lambda _: next(answers))
    given_back = [layer for layer in result.layers if layer.kept_float == "given back until the error held"]
    assert len(given_back) == 1
    others = [layer.sqnr_db for layer in result.layers if not layer.kept_float]
    assert given_back[0].sqnr_db <= min(others)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ("policy.decoder.inputs.0", "first action projection"),
        ("policy.decoder.outputs.1", "final projection"),
        ("policy.decoder.layers.3.modulation", "adaLN modulation"),
        ("policy.decoder.time.layers.0", "time embedding"),
        ("encoder.backbone.model.embeddings.patch_embeddings.projection", "patch embedding"),
        ("policy.decoder.layers.3.feed_forward.0", ""),
        ("policy.fusion.layer.attention.q_proj", ""),
    ],
)
def test_sensitive_layers_are_known_by_their_path(layer, reason):
    assert sensitivity(layer) == reason


def test_weights_are_symmetric_and_per_channel():
    weight = np.array([[1.0, -0.01], [-2.0, 0.02]], np.float32)
    integers, scales = quantise_weight(weight)
    np.testing.assert_array_equal(np.abs(integers).max(axis=0), [127, 127])
    np.testing.assert_allclose(integers * scales, weight, atol=0.01)


def test_sqnr_of_exact_values_is_infinite():
    values = np.ones((2, 2), np.float32)
    assert sqnr_db(values, values) == float("inf")
    assert sqnr_db(values, values * 1.1) == pytest.approx(20.0, abs=0.01)
    np.testing.assert_allclose(round_static(values, 1 / 127), values)


def test_dynamic_costs_less_than_one_percent_on_normal_data():
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((64, 32)).astype(np.float32)
    weight = generator.standard_normal((32, 16)).astype(np.float32)
    assert dynamic_sqnr_db(Activation(rows, float(np.abs(rows).max())), weight) > 35.0


def test_operator_that_tensorrt_does_not_read_is_refused(graph):
    strange = graph.copy()
    strange.nodes[-1].op_type = "DynamicQuantizeLinear"
    with pytest.raises(BundleError, match="not known to read DynamicQuantizeLinear"):
        check_operators(strange)
