"""Arrays as columns of a table, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def as_column(values: NDArray[Any]) -> pa.Array:
    """Return an array of shape (T, D) as a column of fixed-size lists."""
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def as_array(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as an array, (T, D) for lists and (T,) for numbers."""
    values = column.combine_chunks()
    if pa.types.is_fixed_size_list(values.type):
        flat = values.flatten().to_numpy(zero_copy_only=False)
        return np.asarray(flat.reshape(len(values), values.type.list_size))
    if pa.types.is_list(values.type):  # as v2.1 datasets of others have it
        return np.array(values.to_pylist(), dtype=np.float32)
    return np.asarray(values.to_numpy(zero_copy_only=False))
