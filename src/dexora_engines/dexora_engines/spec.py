"""Shapes and types of what goes into an engine and comes out of it, and the check of what is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from dexora_core.errors import EngineError
from dexora_core.refusal import refusal
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output.

    Attributes:
        shape: Sizes; a name such as `V` stands for a size that may vary and is the same everywhere.
        dtype: Name of the numpy type, such as `float32`.
    """

    shape: tuple[int | str, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(str(size) for size in self.shape)}]"

    def concrete(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the shape with its names replaced; a name that `sizes` lacks becomes 1."""
        return tuple(size if isinstance(size, int) else sizes.get(size, 1) for size in self.shape)

    def fixed(self, sizes: Mapping[str, int]) -> TensorSpec:
        """Return the same with the names that `sizes` has replaced; other names stay."""
        shape = (sizes.get(size, size) if isinstance(size, str) else size for size in self.shape)
        return TensorSpec(tuple(shape), self.dtype)

    def zeros(self, sizes: Mapping[str, int]) -> NDArray:
        """Return an array of zeros of this type and shape."""
        return np.zeros(self.concrete(sizes), np.dtype(self.dtype))


@dataclass(frozen=True)
class Signature:
    """All inputs and outputs of a graph by name."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]


def example_inputs(
    inputs: Mapping[str, TensorSpec], sizes: Mapping[str, int] | None = None
) -> dict[str, NDArray]:
    """Return zeros (true for masks) that every engine with these inputs takes.

    Args:
        inputs: The specifications by name.
        sizes: Sizes for named dimensions; 1 where absent.
    """
    arrays = {name: spec.zeros(sizes or {}) for name, spec in inputs.items()}
    return {name: ~array if array.dtype == bool else array for name, array in arrays.items()}


def check_inputs(engine: str, specs: Mapping[str, TensorSpec], given: Arrays) -> dict[str, int]:
    """Refuse inputs that are missing, unknown, of another type or of another shape.

    Args:
        engine: Name of the engine, for the message.
        specs: What the engine takes.
        given: Arrays by name.

    Returns:
        The size of each named dimension.

    Raises:
        EngineError: `DX-ENG-004`, which names the input, what it is and what it must be.
    """
    if given.keys() != specs.keys():
        missing, unknown = sorted(specs.keys() - given.keys()), sorted(given.keys() - specs.keys())
        raise _wrong(engine, f"missing {missing}, unknown {unknown}; inputs are {', '.join(specs)}")
    sizes: dict[str, int] = {}
    for name, spec in specs.items():
        array = given[name]
        if not isinstance(array, np.ndarray) or array.dtype != np.dtype(spec.dtype):
            kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise _wrong(engine, f"{name} is {kind}, it must be {spec}")
        if not _fits(array.shape, spec.shape, sizes):
            raise _wrong(engine, f"{name} has shape {array.shape}, it must be {spec} with {sizes}")
    return sizes


def _fits(shape: tuple[int, ...], expected: tuple[int | str, ...], sizes: dict[str, int]) -> bool:
    if len(shape) != len(expected):
        return False
    return all(
        size == (sizes.setdefault(want, size) if isinstance(want, str) else want)
        for size, want in zip(shape, expected, strict=True)
    )


def _wrong(engine: str, detail: str) -> EngineError:
    return refusal(EngineError, "DX-ENG-004", engine, detail=detail)
