"""A faithful fake of the Python API of TensorRT 10 and 11: it has what that version has, and refuses alike.

Which names each version has is data, `tensorrt_api.json`, read off the vendor's own bindings 10.13.3.9 and
11.1.0.106; the fakes are built on classes that refuse any other name. A plan holds the ONNX model itself, and
executing it runs ONNX Runtime on the bytes at the addresses that were set, so that results are real numbers.
"""

import enum
import json
import weakref
from pathlib import Path
from types import ModuleType

import numpy as np
import onnxruntime

API = json.loads((Path(__file__).parent / "tensorrt_api.json").read_text())
_DTYPES = {
    "tensor(float)": ("FLOAT", np.float32),
    "tensor(float16)": ("HALF", np.float16),
    "tensor(uint8)": ("UINT8", np.uint8),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(bool)": ("BOOL", np.bool_),
}


class Strict:
    """An object that has no other public attribute than its class in that version."""

    def __init_subclass__(cls, api=(), **rest):
        super().__init_subclass__(**rest)
        own = {name for name in vars(cls) if not name.startswith("_")}
        assert own <= set(api), f"{cls.__name__} of the fake has {own - set(api)}, which the real one lacks"
        cls._api = frozenset(api)

    def __setattr__(self, name, value):
        if not name.startswith("_") and name not in self._api:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        object.__setattr__(self, name, value)


def make_tensorrt(version, gpu):
    """Return a module like `tensorrt` of this version ("10" or "11") on a fake GPU."""
    api = API[version]
    trt = ModuleType("tensorrt")
    trt.__version__ = api["version"]
    has = lambda name: api[name]  # noqa: E731

    def flags(name):
        return enum.IntEnum(
            name, {member: index for index, member in enumerate(sorted(api["members"][name]))}
        )

    trt.BuilderFlag = flags("BuilderFlag")
    trt.NetworkDefinitionCreationFlag = flags("NetworkDefinitionCreationFlag")
    trt.TensorIOMode = enum.Enum("TensorIOMode", ["NONE", "INPUT", "OUTPUT"])
    trt.DataType = enum.Enum("DataType", api["members"]["DataType"])
    strong = 1 << trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED

    class ILogger(Strict, api=has("ILogger")):
        Severity = enum.Enum("Severity", ["INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"])

        def __init__(self):
            self._is_initialised = True

        def __init_subclass__(cls, **rest):
            pass  # a class of the user's own may have any attribute

        def __setattr__(self, name, value):
            object.__setattr__(self, name, value)

    def check_logger(logger):
        if not isinstance(logger, ILogger) or not getattr(logger, "_is_initialised", False):
            raise TypeError("incompatible constructor arguments: logger must be an initialised ILogger")

    def tell(logger, message):
        logger.log(ILogger.Severity.ERROR, message)

    class IHostMemory(bytes):
        """A buffer, as the real one is."""

    class ITensor(Strict, api=has("ITensor")):
        def __init__(self, node):
            self._node = node

        @property
        def name(self):
            return self._node.name

        @property
        def shape(self):
            return tuple(size if isinstance(size, int) else -1 for size in self._node.shape)

        def get_dimension_name(self, axis):
            size = self._node.shape[axis]
            return size if isinstance(size, str) else ""

    class INetworkDefinition(Strict, api=has("INetworkDefinition")):
        def __init__(self, is_strong):
            self._model, self._inputs, self._is_strong = None, [], is_strong

        @property
        def num_inputs(self):
            return len(self._inputs)

        def get_input(self, index):
            return ITensor(self._inputs[index])

    class IOptimizationProfile(Strict, api=has("IOptimizationProfile")):
        def __init__(self):
            self._shapes = {}

        def set_shape(self, input, min, opt, max):
            assert all(isinstance(shape, tuple) for shape in (min, opt, max))
            self._shapes[input] = (min, opt, max)

    class IBuilderConfig(Strict, api=has("IBuilderConfig")):
        def __init__(self):
            self._profiles, self._flags = [], set()

        def set_flag(self, flag):
            self._flags.add(flag)

        def add_optimization_profile(self, profile):
            self._profiles.append(profile)
            return len(self._profiles) - 1

    class Builder(Strict, api=has("Builder")):
        def __init__(self, logger):
            check_logger(logger)
            self._logger = logger

        def create_network(self, flags=0):
            known = sum(1 << int(flag) for flag in trt.NetworkDefinitionCreationFlag)
            if flags & ~known:
                raise ValueError(f"flags {flags:#x} are unknown to TensorRT {version}")
            return INetworkDefinition(version == "11" or bool(flags & strong))

        def create_builder_config(self):
            return IBuilderConfig()

        def create_optimization_profile(self):
            return IOptimizationProfile()

        def build_serialized_network(self, network, config):
            assert isinstance(network, INetworkDefinition)
            assert isinstance(config, IBuilderConfig)
            problem = self._problem(network, config)
            if problem:
                tell(self._logger, problem)
                return None
            shapes = dict(config._profiles[0]._shapes) if config._profiles else {}
            head = {"version": trt.__version__, "capability": list(gpu.capability), "shapes": shapes}
            return IHostMemory(json.dumps(head).encode() + b"\n" + network._model)

        def _problem(self, network, config):
            if network._model is None:
                return "Network must have at least one output"
            if not network._is_strong:
                return "Q/DQ layers need the INT8 flag in a weakly typed network"
            if network._is_strong and config._flags & {
                f for f in trt.BuilderFlag if f.name in ("FP16", "INT8")
            }:
                return "precision flags are not allowed in a strongly typed network"
            varying = [node.name for node in network._inputs if any(isinstance(s, str) for s in node.shape)]
            given = config._profiles[0]._shapes if config._profiles else {}
            missing = [name for name in varying if name not in given]
            return f"Network has dynamic inputs {missing}, but no optimization profile" if missing else ""

    class OnnxParser(Strict, api=has("OnnxParser")):
        def __init__(self, network, logger):
            assert isinstance(network, INetworkDefinition)
            check_logger(logger)
            self._network, self._errors = network, []

        @property
        def num_errors(self):
            return len(self._errors)

        def get_error(self, index):
            text = self._errors[index]
            return type("ParserError", (), {"desc": lambda self: text})()

        def parse_from_file(self, model):
            if not isinstance(model, str):
                raise TypeError("parse_from_file(): incompatible function arguments")
            content = Path(model).read_bytes()
            try:
                session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
            except Exception as error:
                self._errors.append(f"ModelImporter: {type(error).__name__}")
                return False
            self._network._model, self._network._inputs = content, session.get_inputs()
            return True

    class Runtime(Strict, api=has("Runtime")):
        def __init__(self, logger):
            check_logger(logger)
            self._logger = logger

        def deserialize_cuda_engine(self, serialized_engine):
            gpu.need_context()
            head, _, model = bytes(memoryview(serialized_engine)).partition(b"\n")
            try:
                about = json.loads(head)
            except ValueError:
                tell(self._logger, "magicTag mismatch: the engine plan file is not compatible")
                return None
            if (about["version"], about["capability"]) != (trt.__version__, list(gpu.capability)):
                tell(self._logger, "The engine plan file was generated on an incompatible device or version")
                return None
            return ICudaEngine(model, about["shapes"], self._logger)

    class ICudaEngine(Strict, api=has("ICudaEngine")):
        def __init__(self, model, shapes, logger):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            nodes = [*self._session.get_inputs(), *self._session.get_outputs()]
            self._nodes = {node.name: node for node in nodes}
            self._inputs = [node.name for node in self._session.get_inputs()]
            self._shapes, self._logger = shapes, logger

        @property
        def num_io_tensors(self):
            return len(self._nodes)

        def get_tensor_name(self, index):
            return list(self._nodes)[index]

        def get_tensor_mode(self, name):
            return trt.TensorIOMode.INPUT if name in self._inputs else trt.TensorIOMode.OUTPUT

        def get_tensor_dtype(self, name):
            return trt.DataType[_DTYPES[self._nodes[name].type][0]]

        def get_tensor_shape(self, name):
            return tuple(size if isinstance(size, int) else -1 for size in self._nodes[name].shape)

        def get_tensor_profile_shape(self, name, profile_index):
            assert profile_index == 0
            return [tuple(shape) for shape in self._shapes[name]]

        def create_execution_context(self):
            gpu.need_context()
            if gpu.free_bytes < 4096:
                tell(
                    self._logger,
                    "Requested amount of GPU memory (4096 bytes) could not be allocated: out of memory",
                )
                return None
            return IExecutionContext(self)

    class IExecutionContext(Strict, api=has("IExecutionContext")):
        def __init__(self, engine):
            self._engine = engine
            self._shapes = {n: engine.get_tensor_shape(n) for n in engine._inputs}
            self._addresses, self._is_warm = {}, False

        def set_input_shape(self, name, shape):
            low, _, high = self._engine._shapes.get(name, [self._shapes[name]] * 3)
            if not all(a <= b <= c for a, b, c in zip(low, shape, high, strict=True)):
                tell(self._engine._logger, f"shape {shape} of {name} is outside the profile")
                return False
            self._shapes[name], self._is_warm = shape, False
            return True

        def infer_shapes(self):
            return [name for name, shape in self._shapes.items() if -1 in shape]

        def get_tensor_shape(self, name):
            return self._concrete(name)

        def set_tensor_address(self, name, memory):
            if not isinstance(memory, int):
                raise TypeError("set_tensor_address(): incompatible function arguments")
            if name not in self._engine._nodes or memory == 0:
                return False
            self._addresses[name] = memory
            return True

        def execute_async_v3(self, stream_handle):
            gpu.need_context()
            if stream_handle not in gpu.streams:
                raise TypeError("execute_async_v3(): not a stream")
            missing = [name for name in self._engine._nodes if name not in self._addresses]
            if missing or self.infer_shapes():
                tell(
                    self._engine._logger,
                    f"Address is not set or shape unknown: {missing or self.infer_shapes()}",
                )
                return False
            if gpu.capturing is not None and not self._is_warm:
                gpu.capturing = (gpu.capturing[0], None)
                tell(self._engine._logger, "cudaErrorStreamCaptureUnsupported: first enqueue allocates")
                return False
            self._is_warm = True
            gpu.submit(stream_handle, self._work(dict(self._addresses)), "execute")
            return True

        def _work(self, addresses):
            engine, this = self._engine, weakref.ref(self)

            def work():
                if this() is None:
                    gpu.lost = "an illegal memory access was encountered"
                    return
                values = {name: self_read(name) for name in engine._inputs}
                outputs = [name for name in engine._nodes if name not in engine._inputs]
                for name, value in zip(outputs, engine._session.run(outputs, values), strict=True):
                    memory = gpu.buffer(addresses[name])
                    memory[: value.nbytes] = np.ascontiguousarray(value).reshape(-1).view(np.uint8)

            def self_read(name):
                shape, dtype = this()._concrete(name), _DTYPES[engine._nodes[name].type][1]
                count = int(np.prod(shape)) * np.dtype(dtype).itemsize
                memory = gpu.buffer(addresses[name])
                assert memory.nbytes >= count, f"the buffer of {name} is too small"
                return memory[:count].view(dtype).reshape(shape).copy()

            return work

        def _concrete(self, name):
            if name in self._shapes:
                return self._shapes[name]
            sizes = {
                want: size
                for given in self._engine._inputs
                for want, size in zip(self._engine._nodes[given].shape, self._shapes[given], strict=True)
                if isinstance(want, str)
            }
            return tuple(sizes.get(size, size) for size in self._engine._nodes[name].shape)

    def nptype(kind):
        names = dict(_DTYPES.values())
        if kind.name not in names:
            raise TypeError("Could not resolve TensorRT datatype to an equivalent numpy datatype.")
        return names[kind.name]

    trt.nptype = nptype
    for kind in (ILogger, IHostMemory, Builder, OnnxParser, Runtime, ICudaEngine):
        setattr(trt, kind.__name__, kind)
    return trt
