"""Arrays as columns of a table, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dexora_train.data.errors import DatasetError


class UnevenColumnError(DatasetError):
    """A row holds more or fewer numbers than the first one; `row` is which.

    Args:
        row: Its number in the column.
        what: What it holds, and what to do.
    """

    def __init__(self, row: int, what: str) -> None:
        super().__init__(what)
        self.row = row


def as_column(values: NDArray[Any]) -> pa.Array:
    """Return an array of shape (T, D) as a column of fixed-size lists."""
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def as_array(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as an array, (T, D) for lists and (T,) for numbers.

    Raises:
        UnevenColumnError: Lists of a column differ in length, or one is missing.
    """
    values = column.combine_chunks()
    if pa.types.is_fixed_size_list(values.type) or pa.types.is_list(values.type):
        _refuse_uneven(values)
    if pa.types.is_fixed_size_list(values.type):
        flat = values.flatten().to_numpy(zero_copy_only=False)
        return np.asarray(flat.reshape(len(values), values.type.list_size))
    if pa.types.is_list(values.type):  # as v2.1 datasets of others have it
        return np.array(values.to_pylist(), dtype=np.float32)
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _refuse_uneven(lists: pa.Array) -> None:
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(~(lengths == lengths[:1]))  # NaN, where there is no list, equals nothing
    if len(odd):
        row = int(odd[0])
        counts = ["no" if np.isnan(lengths[k]) else f"{lengths[k]:g}" for k in (row, 0)]
        raise UnevenColumnError(
            row, f"holds {counts[0]} numbers, the first row {counts[1]}; remove the episode."
        )
