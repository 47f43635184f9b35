"""The torch engine: wraps modules and functions, converts copies only, and refuses what is not there."""

import sys
from types import ModuleType

import numpy as np
import pytest
from dexora_engines.torch_cuda import CudaGraphRunner

from dexora_engines import EngineError, Signature, TensorSpec, open_engine

torch = pytest.importorskip("torch", reason="torch is the workstation's")

SIGNATURE = Signature({"x": TensorSpec((1, "N"), "float32")}, {"y": TensorSpec((1, "N"), "float32")})
X = np.array([[1.0, 2.0]], np.float32)


class Double(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(2.001))

    def forward(self, x):
        return x * self.gain


def opened(module, precision="fp32", signature=SIGNATURE, **options):
    return open_engine(
        "torch", "", precision=precision, options={"module": module, "signature": signature, **options}
    )


def refused(code, action, *words):
    with pytest.raises(EngineError) as caught:
        action()
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    "function",
    [lambda x: 2 * x, lambda x: (2 * x,), lambda x: {"y": 2 * x, "unused": x}, lambda x: (2 * x).double()],
)
def test_function_runs_whatever_it_returns(function):
    out = opened(function).run({"x": X})
    assert (out["y"].tolist(), out["y"].dtype) == ([[2.0, 4.0]], np.float32)


def test_read_only_inputs_are_taken_and_not_changed():
    fixed = X.copy()
    fixed.setflags(write=False)
    assert opened(lambda x: x.mul_(2)).run({"x": fixed})["y"].tolist() == [[2.0, 4.0]]
    assert fixed.tolist() == X.tolist()


def test_no_gradient_is_recorded_and_the_module_is_left_alone():
    module = Double().train()
    engine = opened(module)
    np.testing.assert_allclose(engine.run({"x": X})["y"], 2.001 * X, rtol=1e-6)
    assert module.training
    assert module.gain.grad is None


def test_bf16_converts_a_copy():
    module = Double()
    out = opened(module, "bf16").run({"x": X})["y"]
    assert out.dtype == np.float32
    assert out.tolist() == [[2.0, 4.0]]  # 2.001 is 2 in bf16
    assert module.gain.dtype == torch.float32


def test_int8_is_done_by_torchao(monkeypatch):
    seen = []
    fake = ModuleType("torchao.quantization")
    fake.Int8DynamicActivationInt8WeightConfig = lambda: "int8 dynamic"
    fake.quantize_ = lambda module, config: seen.append((type(module), config))
    monkeypatch.setitem(sys.modules, "torchao", ModuleType("torchao"))
    monkeypatch.setitem(sys.modules, "torchao.quantization", fake)
    opened(Double(), "int8")
    assert seen == [(Double, "int8 dynamic")]
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    refused("DX-ENG-002", lambda: opened(Double(), "int8"), "no torchao.quantization")


def test_what_is_not_there_is_refused(monkeypatch):
    refused(
        "DX-ENG-003", lambda: open_engine("torch", "m.safetensors", precision="fp32"), "module and signature"
    )
    refused("DX-ENG-002", lambda: opened(lambda x: x, "bf16"), "needs a torch module, not a function")
    refused("DX-ENG-002", lambda: opened(Double(), "int4"), "precision 'int4' is unknown")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused("DX-ENG-002", lambda: opened(Double(), device="cuda:0"), "no device 'cuda:0'")
    monkeypatch.setitem(sys.modules, "torch", None)
    refused("DX-ENG-002", lambda: opened(Double()), "no torch")


def test_failures_have_their_codes():
    def fail(x):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    engine = opened(fail)
    refused("DX-ENG-005", lambda: engine.run({"x": X}))
    refused("DX-ENG-006", lambda: engine.run({"x": X}))
    refused("DX-ENG-008", lambda: opened(lambda x: (x, x)).run({"x": X}), "returned 2 tensors for y")


def test_graph_needs_fixed_sizes():
    with pytest.raises(EngineError, match="give the option sizes for N"):
        CudaGraphRunner(torch, "cuda", dict, SIGNATURE.inputs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_cuda_graph_gives_the_results_of_eager_runs(precision):
    module = torch.nn.Linear(64, 64)
    signature = Signature({"input": TensorSpec((1, 64), "float32")}, {"y": TensorSpec((1, 64), "float32")})
    graph = opened(module, precision, signature, device="cuda:0")
    eager = opened(module, precision, signature, device="cuda:0", graph=False)
    for seed in range(4):
        inputs = {"input": np.random.default_rng(seed).normal(size=(1, 64)).astype(np.float32)}
        np.testing.assert_allclose(graph.run(inputs)["y"], eager.run(inputs)["y"], atol=1e-2)
