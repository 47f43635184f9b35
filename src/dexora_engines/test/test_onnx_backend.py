"""The ONNX engine: computes what the graph says, refuses what does not fit, and never changes its device."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from onnx_models import model, scaled, varying

from dexora_engines import EngineError, TensorSpec, onnx_backend, open_engine

CHUNK = np.arange(12, dtype=np.float32).reshape(1, 4, 3)


@pytest.fixture
def graph(tmp_path):
    file = tmp_path / "policy.onnx"
    file.write_bytes(scaled(metadata={"dexora.note": "small"}))
    return file


def opened(file, **options):
    return open_engine("onnx", file, precision="fp32", **options)


def refused(code, action, *words):
    with pytest.raises(EngineError) as caught:
        action()
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in caught.value.message


def test_graph_runs_and_tells_what_it_takes(graph):
    engine = opened(graph)
    assert (engine.kind, engine.device, engine.precision) == ("onnx", "cpu", "fp32")
    assert engine.inputs == {name: TensorSpec((1, 4, 3), "float32") for name in ("noise", "prefix")}
    assert engine.outputs == {"actions": TensorSpec((1, 4, 3), "float32")}
    assert engine.metadata == {"dexora.note": "small"}
    out = engine.run({"noise": CHUNK, "prefix": CHUNK})
    np.testing.assert_array_equal(out["actions"], 3 * CHUNK)


def test_result_belongs_to_the_caller(graph):
    engine = opened(graph)
    first = engine.run({"noise": CHUNK, "prefix": CHUNK})["actions"]
    engine.run({"noise": 9 * CHUNK, "prefix": CHUNK})
    np.testing.assert_array_equal(first, 3 * CHUNK)


def test_number_of_views_may_vary(tmp_path):
    file = tmp_path / "encoder.onnx"
    file.write_bytes(varying())
    engine = opened(file)
    assert str(engine.inputs["images"]) == "float32[V, 2, 3]"
    for views in (1, 4, 2):
        images = np.zeros((views, 2, 3), np.float32)
        assert engine.run({"images": images})["tokens"].shape == (views, 2, 3)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"noise": CHUNK}, ("missing ['prefix']",)),
        ({"noise": CHUNK, "prefix": CHUNK, "extra": CHUNK}, ("unknown ['extra']", "noise, prefix")),
        ({"noise": CHUNK, "prefix": CHUNK.astype(np.float64)}, ("prefix is float64", "float32[1, 4, 3]")),
        ({"noise": CHUNK, "prefix": CHUNK[:, :3]}, ("prefix has shape (1, 3, 3)",)),
        ({"noise": CHUNK, "prefix": CHUNK[0]}, ("prefix has shape (4, 3)",)),
        ({"noise": CHUNK, "prefix": CHUNK.tolist()}, ("prefix is list",)),
    ],
)
def test_wrong_inputs_are_refused_by_name(graph, inputs, words):
    refused("DX-ENG-004", lambda: opened(graph).run(inputs), *words)


@pytest.mark.parametrize("content", [b"", b"not a model", scaled()[:-40], bytes(500)])
def test_damaged_model_is_refused(tmp_path, content):
    file = tmp_path / "policy.onnx"
    file.write_bytes(content)
    refused("DX-ENG-003", lambda: opened(file), "cannot load its model")


def test_model_with_an_unknown_operator_is_refused(tmp_path):
    file = tmp_path / "policy.onnx"
    spec = {"x": ("float32", (1,))}
    file.write_bytes(model([("NoSuchThing", ("x",), ("y",))], spec, {"y": ("float32", (1,))}))
    refused("DX-ENG-003", lambda: opened(file), "NoSuchThing")


def test_absent_file_is_refused(tmp_path):
    refused("DX-ENG-003", lambda: opened(tmp_path / "absent.onnx"), "absent.onnx is no file")


def test_absent_device_and_unknown_options_are_refused(graph):
    refused("DX-ENG-002", lambda: opened(graph, options={"device": "tpu"}), "no device 'tpu'", "has cpu")
    refused(
        "DX-ENG-002", lambda: opened(graph, options={"spin": True}), "no option spin", "device, device_id"
    )
    refused("DX-ENG-002", lambda: opened(graph, threads=0), "give at least 1")


def test_threads_are_few_and_never_spin(graph, monkeypatch):
    seen = []
    real = onnxruntime.InferenceSession

    def session(path, sess_options, **rest):
        seen.append(sess_options)
        return real(path, sess_options=sess_options, **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    opened(graph, threads=2)
    assert (seen[0].intra_op_num_threads, seen[0].inter_op_num_threads) == (2, 1)
    assert seen[0].execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    for kind in ("intra", "inter"):
        assert seen[0].get_session_config_entry(f"session.{kind}_op.allow_spinning") == "0"


def test_library_that_falls_back_to_the_cpu_is_refused(graph, monkeypatch):
    """ONNX Runtime opens a session on the CPU when its CUDA library does not load, and only logs it."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(
        onnxruntime,
        "InferenceSession",
        lambda *_, **__: SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"]),
    )
    refused("DX-ENG-002", lambda: opened(graph, options={"device": "cuda"}), "CUDAExecutionProvider did not")


def test_absent_library_is_refused(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    refused("DX-ENG-002", lambda: opened(graph), "no onnxruntime")


def test_failure_of_the_library_becomes_a_code(graph):
    class Session:
        def run(self, *_):
            raise RuntimeError("CUDA failure 2: out of memory ; GPU=0")

    engine = opened(graph)
    assert isinstance(engine._backend, onnx_backend.OnnxBackend)
    engine._backend._session = Session()
    refused("DX-ENG-005", lambda: engine.run({"noise": CHUNK, "prefix": CHUNK}))


def test_importing_the_package_imports_no_heavy_library():
    heavy = ("onnxruntime", "torch", "tensorrt", "pycuda", "tokenizers", "huggingface_hub", "cryptography")
    code = f"import dexora_engines, sys; sys.exit(repr([m for m in {heavy} if m in sys.modules] or ''))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stderr.strip() == "''"
