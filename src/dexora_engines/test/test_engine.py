"""What every engine does alike: failures become codes, a closed engine stays closed, time is injected."""

import numpy as np
import pytest
from dexora_engines.failures import Failure, classify

from dexora_engines import Engine, EngineError, TensorSpec, measure_latency, open_engine

ONE = {"x": np.zeros(1, np.float32)}


class Backend:
    kind, device = "spy", "none"
    errors = (RuntimeError,)

    def __init__(self, *script):
        self.inputs = self.outputs = {"x": TensorSpec((1,), "float32")}
        self.metadata = {}
        self.script = list(script)
        self.freed = self.closed = 0

    def run(self, inputs):
        what = self.script.pop(0) if self.script else None
        if what:
            raise what
        return dict(inputs)

    def free(self):
        self.freed += 1

    def close(self):
        self.closed += 1


def code_of(engine):
    with pytest.raises(EngineError) as caught:
        engine.run(ONE)
    return caught.value.code


def test_out_of_memory_once_is_survived_and_frees_memory():
    backend = Backend(RuntimeError("CUDA out of memory"), None, RuntimeError("std::bad_alloc"), None)
    engine = Engine(backend, "fp32")
    assert code_of(engine) == "DX-ENG-005"
    assert engine.run(ONE).keys() == {"x"}
    assert code_of(engine) == "DX-ENG-005"  # a run in between succeeded
    assert (backend.freed, backend.closed, engine.is_open) == (2, 0, True)


def test_out_of_memory_twice_in_a_row_closes():
    backend = Backend(RuntimeError("out of memory"), RuntimeError("out of memory"))
    engine = Engine(backend, "fp32")
    assert [code_of(engine) for _ in range(3)] == ["DX-ENG-005", "DX-ENG-006", "DX-ENG-012"]
    assert (backend.closed, engine.is_open) == (1, False)


def test_lost_device_closes_at_once():
    backend = Backend(RuntimeError("CUDA error: unspecified launch failure"))
    engine = Engine(backend, "fp32")
    assert [code_of(engine), code_of(engine)] == ["DX-ENG-007", "DX-ENG-012"]
    assert backend.closed == 1


def test_other_failure_is_told_and_the_next_run_may_succeed():
    engine = Engine(Backend(RuntimeError("bad\nshape"), None), "fp32")
    with pytest.raises(EngineError, match="DX-ENG-008: The engine spy failed: RuntimeError: bad shape"):
        engine.run(ONE)
    assert engine.run(ONE).keys() == {"x"}


def test_bug_of_ours_is_not_dressed_up_as_a_fault():
    with pytest.raises(ZeroDivisionError):
        Engine(Backend(ZeroDivisionError()), "fp32").run(ONE)


def test_closing_twice_closes_once():
    backend = Backend()
    engine = Engine(backend, "fp32")
    engine.close()
    engine.close()
    assert (backend.closed, code_of(engine)) == (1, "DX-ENG-012")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), Failure.MEMORY),
        (RuntimeError("cuMemAlloc failed: out of memory"), Failure.MEMORY),
        (RuntimeError("Failed to allocate memory for requested buffer of size 9"), Failure.MEMORY),
        (RuntimeError("CUDA failure 700: an illegal memory access was encountered"), Failure.DEVICE),
        (RuntimeError("cuStreamSynchronize failed: unspecified launch failure"), Failure.DEVICE),
        (RuntimeError("no CUDA-capable device is detected"), Failure.DEVICE),
        (RuntimeError("Got invalid dimensions for input"), Failure.OTHER),
    ],
)
def test_texts_of_the_libraries_are_told_apart(error, kind):
    assert classify(error) is kind


def test_warm_up_and_latency_are_measured_on_the_given_clock():
    ticks = iter(np.cumsum([0, 1_000_000] * 1000).tolist())
    engine = Engine(Backend(), "fp32", clock_ns=lambda: next(ticks))
    assert engine.warm_up(2) == (0.001, 0.001)
    latency = measure_latency(engine, runs=10)
    assert (latency.p50_s, latency.p99_s, latency.max_s, latency.runs) == (0.001, 0.001, 0.001, 10)


def test_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(EngineError, match=r"DX-ENG-001: The engine openvino is unknown\. Use one of: onnx"):
        open_engine("openvino", "policy.onnx", precision="fp32")
