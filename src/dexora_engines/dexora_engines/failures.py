"""What a library's exception means to the robot: out of memory, device lost, or any other failure.

The libraries tell these apart only in their texts, which are gathered here.
"""

from __future__ import annotations

from enum import Enum


class Failure(Enum):
    """Kinds of failure while an engine runs."""

    MEMORY = "memory"
    DEVICE = "device"
    OTHER = "other"


# Lower case. CUDA's runtime numbers 2 out of memory; 46, 101 and 719 tell of a device that is gone.
_MEMORY = (
    "out of memory",
    "outofmemory",
    "bad_alloc",
    "failed to allocate memory",
    "failed to allocate",
    "cudaerrormemoryallocation",
    "cuda failure 2:",
    "memoryerror",
)
_DEVICE = (
    "device lost",
    "device-side assert",
    "devicereset",
    "unspecified launch failure",
    "illegal memory access",
    "launch failed",
    "context is destroyed",
    "no cuda-capable device",
    "devices unavailable",
    "uncorrectable ecc",
    "gpu has fallen off the bus",
    "driver shutting down",
    "system not yet initialized",
    "unknown error",
)


def classify(error: BaseException) -> Failure:
    """Return what kind of failure an exception tells of, by its type's name and its text."""
    text = f"{type(error).__name__}: {error}".lower()
    if any(sign in text for sign in _MEMORY):
        return Failure.MEMORY
    if any(sign in text for sign in _DEVICE):
        return Failure.DEVICE
    return Failure.OTHER
