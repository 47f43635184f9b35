"""One CUDA graph: what was enqueued on a stream once is launched again by a single call.

pycuda knows no graphs, so these few functions of the driver are called directly.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

# Only calls of the capturing thread that could break a capture are refused, not those of other threads.
_CAPTURE_THREAD_LOCAL = 1


class CudaError(RuntimeError):
    """A function of the CUDA driver failed; the text is the driver's own."""


class CudaGraph:
    """A captured and instantiated graph.

    Args:
        library: The driver's library, `libcuda.so.1`.
        stream: Handle of the stream, not the default one.
        enqueue: Enqueues the work on that stream and waits for nothing. It must have run once before: the
            first run of a TensorRT context allocates, which a capture does not allow.

    Raises:
        CudaError: the work cannot be captured.
    """

    def __init__(self, library: Any, stream: int, enqueue: Callable[[], None]) -> None:
        self._library = library
        self._stream = ctypes.c_void_p(stream)
        self._executable = ctypes.c_void_p()
        graph = self._captured(enqueue)
        try:
            self._call(
                "cuGraphInstantiateWithFlags", ctypes.byref(self._executable), graph, ctypes.c_ulonglong(0)
            )
        finally:
            self._call("cuGraphDestroy", graph)

    def launch(self) -> None:
        """Enqueue the whole graph on the stream."""
        self._call("cuGraphLaunch", self._executable, self._stream)

    def close(self) -> None:
        """Destroy the graph."""
        self._call("cuGraphExecDestroy", self._executable)

    def _captured(self, enqueue: Callable[[], None]) -> ctypes.c_void_p:
        graph = ctypes.c_void_p()
        self._call("cuStreamBeginCapture_v2", self._stream, ctypes.c_int(_CAPTURE_THREAD_LOCAL))
        try:
            enqueue()
        except BaseException:
            # The stream must leave its capture; the first error is the one to tell.
            self._library.cuStreamEndCapture(self._stream, ctypes.byref(graph))
            raise
        self._call("cuStreamEndCapture", self._stream, ctypes.byref(graph))
        return graph

    def _call(self, function: str, *arguments: Any) -> None:
        status = getattr(self._library, function)(*arguments)
        if status != 0:
            text = ctypes.c_char_p()
            self._library.cuGetErrorString(status, ctypes.byref(text))
            words = text.value.decode() if text.value else "unknown status"
            raise CudaError(f"{function} failed: {words} ({status})")


def load_cuda_library() -> Any:
    """Return the driver's library.

    Raises:
        OSError: there is no driver.
    """
    return ctypes.CDLL("libcuda.so.1")
