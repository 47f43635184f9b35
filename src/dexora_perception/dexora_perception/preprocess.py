"""From a camera's picture to the square that the encoder sees: the function that training and robot share.

The whole picture is kept (letterbox): the longer side becomes `size`, the shorter one keeps the ratio, and
the rest is filled with `FILL`, the mean colour that normalisation turns into zero. Every pixel is the mean of
the area of the source that it covers, computed in whole numbers: the result does not depend on the machine,
on the libraries or on the order of summation.

For 640x480 to 96: one pixel covers 20/3 x 20/3 source pixels, so that rows and columns weigh 3 (inside), 2 or
1 (at the edge), and the sum is divided by 400, halves rounded up.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

FILL = (124, 116, 104)
"""RGB beside the picture: the mean of ImageNet, by which DINOv2 normalises."""
CHANNELS = 3
# The largest sum is 255 times the number of source pixels; it has to fit into 32 bits.
_MAX_PIXELS = (2**32 - 1) // 256
_MAX_WEIGHT_16_BIT = (2**16 - 1) // 255


def resize(image: Image, size: int) -> Image:
    """Return the picture as a square.

    Args:
        image: (H, W, 3) uint8, any channel order; strides are free.
        size: Side of the square S [px].

    Returns:
        (S, S, 3) uint8 in the channel order of the input; `FILL` is meant for RGB.

    Raises:
        ValueError: The shape or the type is not that of a picture.
    """
    return resize_into(image, np.empty((size, size, CHANNELS), np.uint8))


def resize_into(image: Image, square: Image) -> Image:
    """As `resize`, into an array that exists, and return that.

    Args:
        image: (H, W, 3) uint8.
        square: (S, S, 3) uint8, overwritten.

    Raises:
        ValueError: The shape or the type is not that of a picture.
    """
    _check(image)
    size = square.shape[0]
    height, width = fitted(image.shape[0], image.shape[1], size)
    top, left = (size - height) // 2, (size - width) // 2
    if (height, width) != (size, size):
        square[...] = FILL
    square[top : top + height, left : left + width] = area_mean(image, height, width)
    return square


def fitted(height: int, width: int, size: int) -> tuple[int, int]:
    """Return height and width [px] of a picture whose longer side becomes `size`; halves are rounded up."""
    longer = max(height, width)
    rows, columns = ((2 * side * size + longer) // (2 * longer) for side in (height, width))
    return max(1, rows), max(1, columns)


def area_mean(image: Image, height: int, width: int) -> Image:
    """Return the picture at another size; every pixel is the mean of the area that it covers.

    Args:
        image: (H, W, 3) uint8.
        height: Rows of the result.
        width: Columns of the result.
    """
    rows = _weighted(image.reshape(image.shape[0], -1), height, np.uint16)
    across = np.ascontiguousarray(rows.reshape(height, image.shape[1], CHANNELS).transpose(1, 0, 2))
    both = _weighted(across.reshape(image.shape[1], -1), width, np.uint32)
    total = _taps(image.shape[0], height)[2] * _taps(image.shape[1], width)[2]
    both += np.uint32(total // 2)
    both //= np.uint32(total)
    return both.astype(np.uint8).reshape(width, height, CHANNELS).transpose(1, 0, 2)


def _weighted(lines: NDArray, count: int, preferred: type[np.unsignedinteger]) -> NDArray:
    """Sum lines (N, M) into `count` lines by the weights of `_taps`; (count, M)."""
    sources, weights, total = _taps(lines.shape[0], count)
    dtype = preferred if total <= _MAX_WEIGHT_16_BIT else np.uint32
    sums = np.zeros((count, lines.shape[1]), dtype)
    product = np.empty_like(sums)
    for source, weight in zip(sources, weights, strict=True):
        np.multiply(lines[source], weight[:, None].astype(dtype), out=product, dtype=dtype)
        sums += product
    return sums


@lru_cache(maxsize=64)
def _taps(source_length: int, length: int) -> tuple[NDArray[np.intp], NDArray[np.uint32], int]:
    """Return which source lines each line covers and how much of each: (K, length) twice, and their total.

    In units in which all edges are whole, a line is `length / g` long in the source and `source_length / g`
    in the result, where g is the greatest common divisor.
    """
    divisor = math.gcd(source_length, length)
    thin, wide = length // divisor, source_length // divisor
    begin = np.arange(length) * wide
    first = begin // thin
    count = int((-(-(begin + wide) // thin) - first).max())
    sources = first + np.arange(count)[:, None]
    overlap = np.minimum((sources + 1) * thin, begin + wide) - np.maximum(sources * thin, begin)
    weights = np.clip(overlap, 0, None).astype(np.uint32)
    return np.minimum(sources, source_length - 1), weights, wide


def _check(image: Image) -> None:
    is_picture = image.ndim == CHANNELS and image.shape[2:] == (CHANNELS,) and image.dtype == np.uint8
    if not is_picture or 0 in image.shape or image.shape[0] * image.shape[1] > _MAX_PIXELS:
        raise ValueError(
            f"an array of shape {image.shape} and type {image.dtype} is no picture: must be (H, W, 3) uint8 "
            f"of 1 to {_MAX_PIXELS} pixels"
        )
