"""A faithful fake of `pycuda.driver` and of the driver's graph functions: it refuses what they refuse.

Memory is bytes at made-up addresses. Work on a stream is done when somebody waits for it, in order, and not
before; while a stream is being captured it is recorded instead. Refused are: use before `init`, without a
current context, of freed memory, of unpinned memory in a capture, waiting or allocating while capturing, and
launching a graph whose memory is gone. Texts are those of the driver, because engines read them.
"""

import ctypes
from types import ModuleType

import numpy as np

BLOCKING_SYNC, DISABLE_TIMING, NON_BLOCKING, THREAD_LOCAL = 1, 2, 1, 1


class Error(Exception):
    pass


class OutOfMemoryError(Error):
    """`pycuda.driver.MemoryError`."""


class LogicError(Error):
    pass


class LaunchError(Error):
    pass


class Gpu:
    """State of the fake GPU and its driver."""

    def __init__(self, name="NVIDIA Fake", capability=(9, 0), total_bytes=1 << 30):
        self.name, self.capability, self.free_bytes = name, capability, total_bytes
        self.memory, self.pinned, self.streams, self.graphs = {}, [], {}, {}
        self.initialised, self.stack, self.retained, self.lost = False, [], 0, ""
        self.next_address, self.capturing, self.calls = 0x7000_0000, None, []

    def need_context(self):
        if not self.stack:
            raise LogicError("failed: invalid device context")

    def check_alive(self):
        if self.lost:
            raise LaunchError(f"failed: {self.lost}")

    def buffer(self, address):
        if address not in self.memory:
            self.lost = "an illegal memory access was encountered"
            self.check_alive()
        return self.memory[address]

    def is_pinned(self, array):
        return any(array is mine or array.base is mine for mine in self.pinned)

    def submit(self, stream, work, what):
        """Enqueue on a stream, or record where the stream is captured."""
        self.check_alive()
        if self.capturing is None or self.capturing[0] != stream:
            self.calls.append(what)
            self.streams[stream].append(work)
        elif self.capturing[1] is None:
            raise LogicError("failed: operation failed due to a previous error during capture")
        else:
            self.calls.append(f"captured {what}")
            self.capturing[1].append(work)

    def drain(self, stream):
        if self.capturing is not None:
            self.capturing = (self.capturing[0], None)
            raise LogicError("failed: operation not permitted when stream is capturing")
        self.check_alive()
        while self.streams[stream]:
            self.streams[stream].pop(0)()
            self.check_alive()


def make_driver(gpu):
    """Return a module like `pycuda.driver` for this GPU."""
    driver = ModuleType("pycuda.driver")
    driver.Error, driver.MemoryError, driver.LogicError, driver.LaunchError = (
        Error,
        OutOfMemoryError,
        LogicError,
        LaunchError,
    )

    class Context:
        def push(self):
            gpu.stack.append(self)

        @staticmethod
        def pop():
            if not gpu.stack:
                raise LogicError(
                    "context::pop failed: invalid device context - cannot pop non-current context"
                )
            gpu.stack.pop()

        def detach(self):
            raise AssertionError("pycuda leaves the primary context current in the driver: keep it")

    class Device:
        def __init__(self, number):
            if not gpu.initialised:
                raise LogicError("cuDeviceGet failed: initialization error")
            if number != 0:
                raise LogicError("cuDeviceGet failed: invalid device ordinal")

        def name(self):
            return gpu.name

        def compute_capability(self):
            return gpu.capability

        def retain_primary_context(self):
            gpu.retained += 1
            return Context()

        def make_context(self, flags=0):
            raise AssertionError("a second context: torch and TensorRT use the primary one")

    class Stream:
        def __init__(self, flags=0):
            gpu.need_context()
            self.flags = flags
            self.handle = 0x5000 + 16 * len(gpu.streams)
            gpu.streams[self.handle] = []

        def synchronize(self):
            gpu.drain(self.handle)

    class Event:
        def __init__(self, flags=0):
            gpu.need_context()
            self.flags, self.stream = flags, None

        def record(self, stream):
            gpu.need_context()
            self.stream = stream

        def synchronize(self):
            assert self.flags & BLOCKING_SYNC, "the thread would spin while it waits"
            gpu.drain(self.stream.handle)

    class Allocation:
        def __init__(self, size):
            self.address, gpu.next_address = gpu.next_address, gpu.next_address + 4096 + size
            self.is_freed = False
            gpu.memory[self.address] = np.zeros(size, np.uint8)

        def __int__(self):
            return self.address

        def free(self):
            gpu.need_context()
            if self.is_freed:
                raise LogicError("device_allocation::free failed: invalid device pointer")
            self.is_freed = True
            gpu.free_bytes += gpu.memory.pop(self.address).nbytes

    def init(flags=0):
        gpu.initialised = True

    def mem_alloc(size):
        gpu.need_context()
        gpu.check_alive()
        if gpu.capturing is not None:
            raise LogicError("cuMemAlloc failed: operation not permitted when stream is capturing")
        if size == 0:
            raise LogicError("cuMemAlloc failed: invalid argument")
        if size > gpu.free_bytes:
            raise OutOfMemoryError("cuMemAlloc failed: out of memory")
        gpu.free_bytes -= size
        return Allocation(size)

    def pagelocked_empty(shape, dtype, order="C", mem_flags=0):
        gpu.need_context()
        array = np.empty(shape, dtype, order)
        gpu.pinned.append(array)
        return array

    def copy(host, device, stream, to_device):
        gpu.need_context()
        if gpu.capturing is not None and not gpu.is_pinned(host):
            raise LogicError(
                "cuMemcpyAsync failed: operation would make the legacy stream depend on a capture"
            )
        if not host.flags.c_contiguous:
            raise BufferError("ndarray is not contiguous")
        address = int(device)

        def work():
            memory = gpu.buffer(address)
            flat = host.reshape(-1).view(np.uint8)
            if flat.nbytes > memory.nbytes:
                gpu.lost = "an illegal memory access was encountered"
            elif to_device:
                memory[: flat.nbytes] = flat
            else:
                flat[:] = memory[: flat.nbytes]

        gpu.submit(stream.handle, work, "htod" if to_device else "dtoh")

    driver.init, driver.Device, driver.Stream, driver.Event = init, Device, Stream, Event
    driver.mem_alloc, driver.pagelocked_empty = mem_alloc, pagelocked_empty
    driver.memcpy_htod_async = lambda dest, src, stream: copy(src, dest, stream, True)
    driver.memcpy_dtoh_async = lambda dest, src, stream: copy(dest, src, stream, False)
    driver.event_flags = type(
        "event_flags", (), {"BLOCKING_SYNC": BLOCKING_SYNC, "DISABLE_TIMING": DISABLE_TIMING}
    )
    driver.mem_get_info = lambda: (gpu.free_bytes, 1 << 30)
    return driver


_TEXTS = {
    1: b"invalid argument",
    201: b"invalid device context",
    401: b"the operation cannot be performed in the present state",
    719: b"unspecified launch failure",
    901: b"operation failed due to a previous error during capture",
}


class CudaLibrary:
    """The functions of `libcuda.so.1` that capture and launch graphs; each returns a status."""

    INVALID_VALUE, INVALID_CONTEXT, ILLEGAL_STATE, INVALIDATED = 1, 201, 401, 901

    def __init__(self, gpu):
        self.gpu = gpu

    def cuStreamBeginCapture_v2(self, stream, mode):
        gpu = self.gpu
        if not gpu.stack:
            return self.INVALID_CONTEXT
        if stream.value not in gpu.streams:  # the default stream cannot be captured
            return self.INVALID_VALUE
        if gpu.capturing is not None or gpu.streams[stream.value] or mode.value != THREAD_LOCAL:
            return self.ILLEGAL_STATE
        gpu.capturing = (stream.value, [])
        return 0

    def cuStreamEndCapture(self, stream, graph):
        gpu = self.gpu
        if gpu.capturing is None or gpu.capturing[0] != stream.value:
            return self.ILLEGAL_STATE
        work, gpu.capturing = gpu.capturing[1], None
        if work is None:
            return self.INVALIDATED
        return self._new(graph, work)

    def cuGraphInstantiateWithFlags(self, executable, graph, flags):
        if graph.value not in self.gpu.graphs or flags.value != 0:
            return self.INVALID_VALUE
        return self._new(executable, list(self.gpu.graphs[graph.value]))

    def cuGraphLaunch(self, executable, stream):
        if not self.gpu.stack:
            return self.INVALID_CONTEXT
        if self.gpu.lost:
            return 719
        if executable.value not in self.gpu.graphs or stream.value not in self.gpu.streams:
            return self.INVALID_VALUE
        self.gpu.calls.append("launch")
        self.gpu.streams[stream.value] += self.gpu.graphs[executable.value]
        return 0

    def cuGraphDestroy(self, graph):
        return 0 if self.gpu.graphs.pop(graph.value, None) is not None else self.INVALID_VALUE

    def cuGraphExecDestroy(self, executable):
        return self.cuGraphDestroy(executable)

    def cuGetErrorString(self, status, text):
        text._obj.value = _TEXTS.get(status)
        return 0

    def _new(self, target, work):
        handle = 0x900 + 16 * (len(self.gpu.calls) + len(self.gpu.graphs) * 64 + 1)
        self.gpu.graphs[handle] = work
        assert isinstance(target._obj, ctypes.c_void_p)
        target._obj.value = handle
        return 0
