"""Arrays on disk whose room is there before they are filled: a mapped file on a full disk ends a process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

_MB = 1e6


def new_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[Any]]:
    """Return a mapped array of a new `.npy` file.

    Args:
        path: The file.
        dtype: Of its numbers.
        shape: Its shape.

    Raises:
        OSError: The disk has no room for it; the file is removed.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    try:
        values = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OSError(error.errno, f"{size / _MB:.0f} MB are needed: {error.strerror}", str(path)) from error
    return values
