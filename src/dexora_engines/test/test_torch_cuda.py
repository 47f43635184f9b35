"""The CUDA graph of torch: its sequence of calls on a stand-in that computes on the CPU and refuses misuse.

The stand-in keeps what a graph needs: work before the capture is warm, a capture waits for nothing, a replay
does the same operations on the same tensors again, and results are read after an event only.
"""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from dexora_engines.torch_cuda import CudaGraphRunner

from dexora_engines import TensorSpec

torch = pytest.importorskip("torch", reason="torch is the workstation's")


class FakeCuda:
    """`torch.cuda` without a GPU."""

    def __init__(self):
        self.calls, self.current, self.capturing = [], None, None
        fake = self

        class Stream:
            def __init__(self, device):
                self.device = device

            def synchronize(self):
                assert fake.capturing is None, "waiting inside a capture"
                fake.calls.append("wait for stream")

        class Event:
            def __init__(self, blocking=False):
                assert blocking, "the thread would spin while it waits"
                self.is_recorded = False

            def record(self):
                assert fake.current is not None, "recorded on the default stream"
                self.is_recorded = True

            def synchronize(self):
                assert self.is_recorded
                self.is_recorded = False
                fake.calls.append("wait for event")

        class CUDAGraph:
            work = None

            def replay(self):
                assert self.work is not None, "nothing was captured"
                assert fake.current is not None, "replayed on the default stream"
                fake.calls.append("replay")
                for target, value in zip(self.outputs, self.work().values(), strict=True):
                    target.copy_(value)

        self.Stream, self.Event, self.CUDAGraph = Stream, Event, CUDAGraph

    @contextmanager
    def stream(self, stream):
        self.current, before = stream, self.current
        yield
        self.current = before

    @contextmanager
    def graph(self, graph, stream):
        assert stream is self.current
        assert self.calls.count("compute") >= 3, "captured before it was warm"
        self.capturing = graph
        yield
        self.capturing = None
        self.calls.append("captured")


def fake_torch():
    cuda = FakeCuda()

    def empty(shape, dtype, device=None, pin_memory=False):
        tensor = torch.empty(tuple(shape), dtype=dtype)
        tensor.is_on_gpu, tensor.is_pinned_here = device is not None, pin_memory
        return tensor

    return SimpleNamespace(cuda=cuda, empty=empty, float32=torch.float32, bool=torch.bool)


@pytest.fixture
def machine():
    fake = fake_torch()

    def compute(inputs):
        assert all(tensor.is_on_gpu for tensor in inputs.values())
        fake.cuda.calls.append("compute")
        return {"y": inputs["x"] * 2.0}

    def call(inputs):
        outputs = compute(inputs)
        graph = fake.cuda.capturing
        if graph is not None:
            graph.work, graph.outputs = (lambda: compute(inputs)), list(outputs.values())
        return outputs

    runner = CudaGraphRunner(fake, "cuda:0", call, {"x": TensorSpec((1, 3), "float32")})
    return fake.cuda, runner


def test_first_call_warms_up_and_captures_and_later_calls_replay(machine):
    cuda, runner = machine
    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    results = [runner({"x": k * x})["y"].numpy() for k in (1, 2, 3)]
    for k, result in zip((1, 2, 3), results, strict=True):  # each belongs to its caller
        np.testing.assert_array_equal(result, 2 * k * x)
    replayed = ["replay", "compute", "wait for event"]
    assert cuda.calls == [*["compute"] * 3, "wait for stream", "compute", "captured", *replayed * 3]


def test_inputs_go_through_pinned_memory_to_fixed_addresses(machine):
    _, runner = machine
    runner({"x": np.zeros((1, 3), np.float32)})
    address = runner._inputs["x"].data_ptr()
    runner({"x": np.ones((1, 3), np.float32)})
    assert runner._inputs["x"].data_ptr() == address
    assert runner._pinned["x"].is_pinned_here
    assert runner._inputs["x"].is_on_gpu
