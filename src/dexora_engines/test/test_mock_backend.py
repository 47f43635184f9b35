"""The mock plays its script: chunks, delays, NaN and failures, from Python or from a file."""

import json

import numpy as np
import pytest

from dexora_engines import EngineError, MockScript, MockStep, TensorSpec, open_engine

INPUTS = {"images": TensorSpec(("V", 2), "uint8")}
OUTPUTS = {"tokens": TensorSpec(("V", 3), "float32"), "mask": TensorSpec((1,), "bool")}
TWO = {"images": np.zeros((2, 2), np.uint8)}


def opened(*steps, loops=False, **options):
    script = MockScript(INPUTS, OUTPUTS, steps, loops)
    return open_engine("mock", "", precision="fp32", options={"script": script, **options})


def test_steps_are_played_in_order_and_the_last_repeats():
    engine = opened(MockStep(outputs={"tokens": 1.0}), MockStep(outputs={"tokens": [1, 2, 3]}))
    runs = [engine.run(TWO)["tokens"].tolist() for _ in range(3)]
    assert runs == [[[1, 1, 1]] * 2, [[1, 2, 3]] * 2, [[1, 2, 3]] * 2]


def test_script_may_loop():
    engine = opened(MockStep(outputs={"tokens": 1}), MockStep(outputs={"tokens": 2}), loops=True)
    assert [engine.run(TWO)["tokens"][0, 0] for _ in range(5)] == [1, 2, 1, 2, 1]


def test_delay_nan_and_failures_are_scripted():
    slept = []
    engine = opened(
        MockStep(delay_s=0.25, nan=("tokens",)),
        MockStep(error="out of memory"),
        MockStep(error="device lost"),
        sleep=slept.append,
    )
    assert np.isnan(engine.run(TWO)["tokens"]).all()
    assert slept == [0.25]
    codes = []
    for _ in range(2):
        with pytest.raises(EngineError) as caught:
            engine.run(TWO)
        codes.append(caught.value.code)
    assert codes == ["DX-ENG-005", "DX-ENG-007"]


def test_outputs_without_a_value_are_zeros_of_their_type():
    out = opened(MockStep()).run(TWO)
    assert (out["tokens"].dtype, out["tokens"].shape, out["mask"].dtype) == (np.float32, (2, 3), bool)
    assert not out["tokens"].any()


def test_value_of_a_wrong_shape_is_an_engine_error():
    with pytest.raises(EngineError, match="DX-ENG-008"):
        opened(MockStep(outputs={"tokens": [1, 2]})).run(TWO)


def script(**changes):
    tensors = {"x": {"shape": [1, "T"], "dtype": "float32"}}
    return {"inputs": tensors, "outputs": {"y": tensors["x"]}, "steps": [{"outputs": {"y": 0.5}}]} | changes


def test_script_is_read_from_a_file(tmp_path):
    file = tmp_path / "policy.mock.json"
    file.write_text(json.dumps(script(loops=True)))
    engine = open_engine("mock", file, precision="int8")
    assert engine.run({"x": np.zeros((1, 4), np.float32)})["y"].tolist() == [[0.5] * 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (script(stepps=[]), "unknown key 'stepps'"),
        (script(steps=[]), "at least one entry"),
        (script(steps=[{"delay_s": -1}]), "delay_s is -1"),
        (script(steps=[{"outputs": {"z": 0}}]), r"unknown outputs \['z'\]"),
        (script(steps=[{"nan": ["z"]}]), r"unknown outputs \['z'\]"),
        (script(inputs=[]), "inputs is"),
        ([], "must be a mapping"),
    ],
)
def test_malformed_script_is_refused_with_its_place(tmp_path, content, words):
    file = tmp_path / "policy.mock.json"
    file.write_text(json.dumps(content))
    with pytest.raises(EngineError, match=words) as caught:
        open_engine("mock", file, precision="fp32")
    assert caught.value.code == "DX-ENG-003"


def test_absent_script_is_refused(tmp_path):
    with pytest.raises(EngineError, match=r"absent\.json"):
        open_engine("mock", tmp_path / "absent.json", precision="fp32")
