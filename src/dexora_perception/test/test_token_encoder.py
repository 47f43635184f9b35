"""Pins the encoder behind its engine: which views with which ids, types of tokens, refusals, no torch."""

import subprocess
import sys

import numpy as np
import pytest
from dexora_core.errors import BundleError, EngineError
from dexora_core.faults import Fault
from dexora_perception.preprocess import resize
from dexora_perception.token_encoder import (
    EngineChoice,
    TokenEncoder,
    check_encoder,
    open_encoder,
)
from encoder_cases import (
    DIM,
    ENCODER_ID,
    SIZE,
    TOKENS,
    VIEWS,
    encoder_model,
    expected_tokens,
    make_bundle,
    picture,
)

from dexora_engines import MockScript, MockStep, graph_file, graph_signature, open_engine


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundles") / "linear")


def opened(bundle, dtype="float32", **choice):
    return TokenEncoder(open_encoder(bundle, EngineChoice(**choice)), bundle.manifest, dtype)


def squares(pictures):
    return [resize(pixels, SIZE) for pixels in pictures.values()]


def test_tokens_of_all_views_come_in_the_order_of_the_manifest(bundle):
    pictures = {view: picture(seed) for seed, view in enumerate(VIEWS)}
    encoded = opened(bundle).encode(pictures)
    np.testing.assert_allclose(encoded.tokens, expected_tokens(squares(pictures), range(4)), atol=1e-4)
    assert encoded.resize_s > 0.0
    assert encoded.engine_s > 0.0


def test_masked_view_leaves_the_ids_of_the_others_alone(bundle):
    pictures = {VIEWS[1]: picture(1), VIEWS[3]: picture(3)}
    encoded = opened(bundle).encode(pictures)
    assert encoded.tokens.shape == (2, TOKENS, DIM)
    np.testing.assert_allclose(encoded.tokens, expected_tokens(squares(pictures), [1, 3]), atol=1e-4)


@pytest.mark.parametrize(("dtype", "share"), [("float16", 1e-3), ("int8", 1.0 / 127)])
def test_smaller_types_keep_the_values_within_their_step(bundle, dtype, share):
    pictures = {view: picture(seed) for seed, view in enumerate(VIEWS)}
    encoded = opened(bundle, dtype).encode(pictures)
    exact = expected_tokens(squares(pictures), range(4))
    assert str(encoded.tokens.dtype) == dtype
    np.testing.assert_allclose(
        encoded.tokens.astype(np.float32) * encoded.scale, exact, atol=share * np.abs(exact).max()
    )


def test_tokens_beyond_float16_are_held_at_its_largest_value(bundle):
    encoder = TokenEncoder(mock(bundle, MockStep(outputs={"tokens": 1e6})), bundle.manifest, "float16")
    assert encoder.encode({VIEWS[0]: picture()}).tokens.max() == np.float16(65504)


def test_tokens_that_are_all_zero_have_a_scale(bundle):
    encoded = TokenEncoder(mock(bundle, MockStep()), bundle.manifest, "int8").encode({VIEWS[0]: picture()})
    assert (encoded.scale, encoded.tokens.any()) == (1.0, False)


def mock(bundle, *steps):
    signature = graph_signature(bundle.manifest, "encoder")
    script = MockScript(signature.inputs, signature.outputs, steps)
    return open_engine("mock", "", precision="fp32", options={"script": script})


def test_nan_is_a_fault_and_the_next_encoding_works(bundle):
    engine = mock(bundle, MockStep(nan=("tokens",)), MockStep(outputs={"tokens": 1.0}))
    encoder = TokenEncoder(engine, bundle.manifest)
    found = encoder.encode({VIEWS[0]: picture()})
    assert isinstance(found, Fault)
    assert (found.code, found.sentence) == (
        "DX-TOK-002",
        f"The encoder {ENCODER_ID} gave NaN or infinity; these tokens were not published.",
    )
    assert encoder.encode({VIEWS[0]: picture()}).tokens.min() == 1.0


def test_failure_of_the_engine_carries_its_code(bundle):
    encoder = TokenEncoder(mock(bundle, MockStep(error="device lost")), bundle.manifest)
    with pytest.raises(EngineError, match="DX-ENG-007"):
        encoder.encode({VIEWS[0]: picture()})


def test_warm_up_runs_every_number_of_views(bundle):
    steps = [MockStep(delay_s=float(number)) for number in range(1, 9)]
    slept = []
    signature = graph_signature(bundle.manifest, "encoder")
    options = {"script": MockScript(signature.inputs, signature.outputs, tuple(steps)), "sleep": slept.append}
    encoder = TokenEncoder(open_engine("mock", "", precision="fp32", options=options), bundle.manifest)
    assert len(encoder.warm_up(2)) == 2
    assert slept == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


def test_bring_up_engine_needs_no_trained_encoder(bundle):
    encoded = opened(bundle, kind="mock").encode({VIEWS[0]: picture()})
    np.testing.assert_allclose(encoded.tokens, 0.1, rtol=1e-6)


def test_precision_that_the_bundle_does_not_hold_is_refused_with_what_there_is(bundle):
    with pytest.raises(
        BundleError, match=r"DX-BND-005: The file encoder.int8.onnx \(listed are encoder.onnx\)"
    ):
        open_encoder(bundle, EngineChoice(precision="int8"))


def test_graph_that_does_not_fit_its_manifest_is_refused(tmp_path):
    weights = np.zeros((24 * 24 * 3, TOKENS * DIM), np.float32)
    bundle = make_bundle(tmp_path / "other", encoder_model(24, weights))
    with pytest.raises(EngineError, match=r"DX-ENG-003: .*images of encoder is .*the manifest says"):
        open_encoder(bundle, EngineChoice())


def test_other_encoder_than_asked_for_is_refused(bundle):
    check_encoder(bundle, "")
    check_encoder(bundle, ENCODER_ID)
    with pytest.raises(BundleError, match=r"DX-TOK-003: .* another encoder: linear-test, asked for dino-b14"):
        check_encoder(bundle, "dino-b14")


@pytest.mark.parametrize(
    ("kind", "precision", "name"),
    [
        ("onnx", "fp32", "encoder.onnx"),
        ("onnx", "int8", "encoder.int8.onnx"),
        ("tensorrt", "int8", "encoder.qdq.onnx"),
        ("tensorrt", "fp16", "encoder.onnx"),
    ],
)
def test_file_follows_engine_and_precision(kind, precision, name):
    assert graph_file("encoder", kind, precision) == name


def test_robot_side_imports_no_torch():
    code = (
        "import sys; from dexora_perception import camera_node, token_encoder_node; "
        "print([name for name in ('torch', 'transformers', 'onnxruntime') if name in sys.modules])"
    )
    path = ":".join(sys.path)
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    assert found.stdout.strip() == "[]"
