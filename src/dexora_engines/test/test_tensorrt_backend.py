"""TensorRT's sequence of calls, on fakes of 10 and 11 and of pycuda that refuse what the real ones refuse."""

import json
import sys
from types import ModuleType

import numpy as np
import pytest
from fake_cuda import CudaLibrary, Gpu, make_driver
from fake_tensorrt import make_tensorrt
from onnx_models import model, scaled, varying

from dexora_engines import EngineError, TensorSpec, open_engine, tensorrt_backend

CHUNK = np.arange(12, dtype=np.float32).reshape(1, 4, 3)


class Machine:
    """A fake GPU with its libraries, installed as modules."""

    def __init__(self, monkeypatch, tmp_path, version):
        self.monkeypatch, self.folder = monkeypatch, tmp_path
        self.bundle = tmp_path / "bundles" / "nano"
        self.bundle.mkdir(parents=True)
        self.install(Gpu(), version)

    def install(self, gpu, version):
        self.gpu, self.trt, self.driver = gpu, make_tensorrt(version, gpu), make_driver(gpu)
        pycuda = ModuleType("pycuda")
        pycuda.driver = self.driver
        modules = {
            "tensorrt": self.trt,
            "pycuda": pycuda,
            "pycuda.driver": self.driver,
            "pycuda.autoinit": None,
        }
        for name, module in modules.items():
            self.monkeypatch.setitem(sys.modules, name, module)
        self.monkeypatch.setattr(tensorrt_backend, "load_cuda_library", lambda: CudaLibrary(gpu))

    def write(self, content, name="policy.onnx"):
        file = self.bundle / name
        file.write_bytes(content)
        return file

    def open(self, content=None, file=None, **options):
        file = file or self.write(content or scaled())
        return open_engine("tensorrt", file, precision="int8", options=options)

    def cached(self):
        folder = self.folder / "bundles" / "nano.engines"
        return sorted(folder.iterdir()) if folder.exists() else []


@pytest.fixture(params=["10", "11"])
def machine(monkeypatch, tmp_path, request):
    return Machine(monkeypatch, tmp_path, request.param)


def refused(code, action, *words):
    with pytest.raises(EngineError) as caught:
        action()
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in caught.value.message


def test_first_run_enqueues_then_captures_and_later_runs_launch_one_graph(machine):
    engine = machine.open()
    assert engine.inputs == {name: TensorSpec((1, 4, 3), "float32") for name in ("noise", "prefix")}
    results = [engine.run({"noise": CHUNK * k, "prefix": CHUNK})["actions"] for k in (1, 2, 3)]
    for k, result in zip((1, 2, 3), results, strict=True):  # each result belongs to its caller
        np.testing.assert_array_equal(result, CHUNK * (2 * k + 1))
    enqueued = ["htod", "htod", "execute", "dtoh"]
    assert machine.gpu.calls == [*enqueued, *(f"captured {call}" for call in enqueued), "launch", "launch"]


def test_without_a_graph_every_run_enqueues(machine):
    engine = machine.open(graph=False)
    for k in (1, 2):
        np.testing.assert_array_equal(
            engine.run({"noise": CHUNK, "prefix": k * CHUNK})["actions"], (2 + k) * CHUNK
        )
    assert "launch" not in machine.gpu.calls


def test_results_equal_those_of_onnx_runtime(machine):
    file = machine.write(scaled(16, 36, 0.3))
    draw = np.random.default_rng(5)
    inputs = {name: draw.normal(size=(1, 16, 36)).astype(np.float32) for name in ("noise", "prefix")}
    expected = open_engine("onnx", file, precision="fp32").run(inputs)["actions"]
    engine = machine.open(file=file)
    for _ in range(3):
        np.testing.assert_array_equal(engine.run(inputs)["actions"], expected)


def test_context_is_the_primary_one_and_balanced(machine):
    engine = machine.open()
    engine.warm_up(2)
    engine.close()
    assert (machine.gpu.retained, machine.gpu.stack) == (1, [])


def test_closing_gives_all_memory_back_and_a_new_engine_works(machine):
    free = machine.gpu.free_bytes
    file = machine.write(scaled())
    for _ in range(3):
        engine = machine.open(file=file)
        engine.warm_up(2)
        engine.close()
        assert (machine.gpu.free_bytes, machine.gpu.memory, machine.gpu.graphs) == (free, {}, {})


def test_varying_size_is_fixed_by_an_option(machine):
    engine = machine.open(varying(), sizes={"V": 4})
    assert str(engine.inputs["images"]) == "float32[4, 2, 3]"
    images = np.ones((4, 2, 3), np.float32)
    for _ in range(2):
        assert (engine.run({"images": images})["tokens"] == 2).all()
    refused("DX-ENG-004", lambda: engine.run({"images": images[:2]}), "images has shape (2, 2, 3)")
    refused("DX-ENG-002", lambda: machine.open(varying()), "varying size 'V'", "sizes={'V': ...}")


def test_engine_is_built_once_and_kept_beside_the_bundle(machine, monkeypatch):
    machine.open()
    (file,) = machine.cached()
    head = json.loads(file.read_bytes().partition(b"\n")[0])
    assert (head["gpu"], head["compute_capability"], head["tensorrt"]) == (
        "NVIDIA Fake",
        "9.0",
        machine.trt.__version__,
    )
    assert list(machine.bundle.iterdir()) == [
        machine.bundle / "policy.onnx"
    ]  # the bundle itself is unchanged
    monkeypatch.setattr(machine.trt, "Builder", None)
    machine.open().warm_up(2)


def test_another_gpu_version_model_or_size_is_another_build(machine):
    machine.open(varying(), sizes={"V": 4})
    machine.open(varying(), sizes={"V": 2})
    machine.open(scaled())
    version = machine.trt.__version__
    machine.install(Gpu(name="NVIDIA Other"), version[:2])
    machine.open(scaled())
    machine.install(Gpu(capability=(8, 7)), version[:2])
    machine.open(scaled())
    machine.install(Gpu(), "11" if version.startswith("10") else "10")
    machine.open(scaled())
    assert len(machine.cached()) == 6


def test_external_data_is_part_of_the_build(machine):
    machine.open()
    (machine.bundle / "policy.onnx.data").write_bytes(b"weights")
    machine.open()
    assert len(machine.cached()) == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gpu", "NVIDIA Orin"),
        ("compute_capability", "8.7"),
        ("tensorrt", "10.3.0"),
        ("onnx_sha256", "0" * 64),
    ],
)
def test_cached_engine_of_another_build_is_refused_not_replaced(machine, key, value):
    machine.open()
    (file,) = machine.cached()
    head, _, plan = file.read_bytes().partition(b"\n")
    foreign = json.dumps(json.loads(head) | {key: value}).encode() + b"\n" + plan
    file.write_bytes(foreign)
    refused("DX-ENG-009", machine.open, f"{key} is {value}", "delete this file")
    assert file.read_bytes() == foreign


def test_damaged_cached_engine_is_refused_at_every_offset_tried(machine):
    machine.open()
    (file,) = machine.cached()
    good = file.read_bytes()
    for offset in range(0, len(good), max(len(good) // 100, 1)):
        bad = bytearray(good)
        bad[offset] ^= 0x10
        file.write_bytes(bad)
        refused("DX-ENG-009", machine.open, "made by another build")
    for content in (b"", good[:-1], b"[]\n", b"\n"):
        file.write_bytes(content)
        refused("DX-ENG-009", machine.open)
    file.write_bytes(good)
    machine.open()


def test_cached_engine_that_others_can_write_is_refused(machine):
    machine.open()
    (file,) = machine.cached()
    file.chmod(0o666)
    refused("DX-ENG-009", machine.open, "other users can write it")
    content = file.read_bytes()
    file.unlink()
    elsewhere = machine.folder / "engine"
    elsewhere.write_bytes(content)
    file.symlink_to(elsewhere)
    refused("DX-ENG-009", machine.open, "no plain file")


def test_plan_that_the_runtime_refuses_is_told_with_its_reason(machine, monkeypatch):
    monkeypatch.setattr(tensorrt_backend, "build_engine", lambda *_: b"no plan")
    refused("DX-ENG-009", machine.open, "magicTag mismatch")


def test_building_may_be_forbidden_at_start(machine):
    refused("DX-ENG-002", lambda: machine.open(build=False), "no engine policy-", "dexora-bundle build")
    assert machine.cached() == []


def test_model_that_cannot_be_parsed_or_built_is_refused_with_the_reason(machine):
    refused("DX-ENG-003", lambda: machine.open(b"no model"), "cannot be parsed", "ModelImporter")
    refused("DX-ENG-003", lambda: machine.open(file=machine.bundle / "absent.onnx"), "is no file")
    assert machine.cached() == []


def test_network_is_strongly_typed_and_uses_no_removed_name(machine):
    """The fake of 10 builds no Q/DQ in a weakly typed network, that of 11 has no precision flag at all."""
    removed = {"INT8", "FP16", "BF16", "FP8", "OBEY_PRECISION_CONSTRAINTS"}
    assert bool(removed & set(machine.trt.BuilderFlag.__members__)) == machine.trt.__version__.startswith(
        "10"
    )
    machine.open()


def test_missing_libraries_and_devices_are_refused(machine, monkeypatch):
    refused("DX-ENG-002", lambda: machine.open(device_id=3), "invalid device ordinal")
    refused("DX-ENG-002", lambda: machine.open(flags=["INT8"]), "no option flags")
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)
    refused("DX-ENG-002", machine.open, "no pycuda")
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    refused("DX-ENG-002", machine.open, "no tensorrt")


def test_too_little_memory_at_start_is_refused(machine):
    machine.gpu.free_bytes = 4096
    refused("DX-ENG-002", lambda: machine.open(scaled(100, 36)), "out of memory")
    machine.gpu.free_bytes = 0
    refused("DX-ENG-002", machine.open, "out of memory")
    assert machine.gpu.stack == []


def test_lost_device_closes_the_engine_by_its_code(machine):
    engine = machine.open()
    engine.warm_up(2)
    machine.gpu.lost = "unspecified launch failure"
    inputs = {"noise": CHUNK, "prefix": CHUNK}
    refused("DX-ENG-007", lambda: engine.run(inputs), "unspecified launch failure")
    refused("DX-ENG-012", lambda: engine.run(inputs), "its device was lost")
    assert machine.gpu.stack == []


def test_graph_over_freed_memory_is_noticed(machine):
    """What the fake is for: a use after free is an error there, not a lucky result."""
    engine = machine.open()
    engine.warm_up(2)
    with engine._backend._gpu.current():
        engine._backend._slots["noise"].device.free()
    refused("DX-ENG-007", lambda: engine.run({"noise": CHUNK, "prefix": CHUNK}), "illegal memory access")


def test_capture_before_the_first_enqueue_is_noticed(machine):
    engine = machine.open()
    backend = engine._backend
    with backend._gpu.current(), pytest.raises(RuntimeError, match="first enqueue allocates"):
        tensorrt_backend.CudaGraph(CudaLibrary(machine.gpu), backend._stream.handle, backend._enqueue)
    assert machine.gpu.capturing is None  # the stream has left its capture
    engine.warm_up(2)


def test_type_that_numpy_lacks_is_refused(machine, monkeypatch):
    def nptype(kind):
        raise TypeError("Could not resolve TensorRT datatype")

    monkeypatch.setattr(machine.trt, "nptype", nptype)
    refused("DX-ENG-003", machine.open, "export inputs and outputs as float32")


def test_bool_and_integer_inputs_keep_their_type(machine):
    spec = ("bool", (1, 4))
    graph = model([("Not", ("mask",), ("other",))], {"mask": spec}, {"other": spec})
    engine = machine.open(graph)
    mask = np.array([[True, False, True, False]])
    for _ in range(2):
        assert engine.run({"mask": mask})["other"].tolist() == (~mask).tolist()
