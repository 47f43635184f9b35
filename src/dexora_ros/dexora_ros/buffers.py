"""Large messages without copies: fill their data in place, look at it through views.

Assigning a numpy array to a `uint8[]` field copies byte by byte in Python (100 ms for a VGA image); writing
into the message's existing buffer takes 0.05 ms. Keep one message object and fill it again and again.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from dexora_msgs.msg import VisualTokens

from .stamps import from_ns, set_stamp

# Encoding -> element type and channels.
_ENCODINGS: dict[str, tuple[str, int]] = {
    "rgb8": ("u1", 3),
    "bgr8": ("u1", 3),
    "rgba8": ("u1", 4),
    "bgra8": ("u1", 4),
    "mono8": ("u1", 1),
    "mono16": ("u2", 1),
    "16UC1": ("u2", 1),
    "32FC1": ("f4", 1),
}
_TOKEN_TYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "int8": np.dtype("i1"),
}


def fill_image(message: Image, pixels: NDArray[Any], encoding: str, stamp_ns: int, frame_id: str) -> Image:
    """Write an image into `message` and return it; memory is allocated only when the size changes.

    Args:
        message: The message to reuse.
        pixels: (H, W, C), or (H, W) for one channel; element type and C as the encoding has them.
        encoding: One of rgb8, bgr8, rgba8, bgra8, mono8, mono16, 16UC1 (depth in mm), 32FC1 (depth in m).
        stamp_ns: Capture time [ns].
        frame_id: Optical frame of the camera.

    Raises:
        ValueError: Unknown encoding, or pixels whose shape or type do not fit it.
    """
    dtype, channels = _encoding(encoding)
    shape = pixels.shape if pixels.ndim == 3 else (*pixels.shape, 1)
    if len(shape) != 3 or shape[2] != channels or 0 in shape or pixels.dtype != dtype:
        raise ValueError(
            f"pixels of shape {pixels.shape} and type {pixels.dtype} cannot be sent as '{encoding}': "
            f"must be (H, W, {channels}) of {dtype}"
        )
    target = _resized(message, pixels.size * dtype.itemsize).view(dtype).reshape(shape)
    np.copyto(target, pixels.reshape(shape))
    message.height, message.width = shape[0], shape[1]
    message.encoding = encoding
    message.step = shape[1] * channels * dtype.itemsize
    message.is_bigendian = 0
    message.header.frame_id = frame_id
    set_stamp(message.header.stamp, stamp_ns)
    return message


def image_view(message: Image) -> NDArray[Any]:
    """Return the pixels of a message without copying: (H, W, C), or (H, W) for one channel.

    The view keeps the message's buffer alive. Padding at the end of rows is skipped.

    Raises:
        ValueError: Unknown encoding, or a size that contradicts height, step and encoding.
    """
    dtype, channels = _encoding(message.encoding)
    if message.is_bigendian:
        dtype = dtype.newbyteorder(">")
    row_bytes = message.width * channels * dtype.itemsize
    expected = message.height * message.step
    if row_bytes == 0 or message.step < row_bytes or len(message.data) != expected:
        raise ValueError(
            f"image '{message.encoding}' {message.width}x{message.height} with step {message.step} carries "
            f"{len(message.data)} bytes: must be height x step = {expected} with step >= {row_bytes}"
        )
    rows = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)
    pixels = rows[:, :row_bytes].view(dtype)
    return pixels.reshape(message.height, message.width, channels) if channels > 1 else pixels


def fill_tokens(
    message: VisualTokens,
    tokens: NDArray[Any],
    view_names: Sequence[str],
    view_stamps_ns: Sequence[int],
    *,
    scale: float = 1.0,
) -> VisualTokens:
    """Write tokens into `message` and return it; memory is allocated only when the size changes.

    `header.stamp` becomes the oldest of the capture stamps. `encoder_id` and the encode stamps are the
    caller's.

    Args:
        message: The message to reuse.
        tokens: (V, N, D) float32, float16 or int8.
        view_names: V views in the order of the data.
        view_stamps_ns: V capture times [ns].
        scale: Value of one int8 step; 1.0 for float types.

    Raises:
        ValueError: Shape, type, number of views or scale do not fit together.
    """
    dtype = _TOKEN_TYPES.get(str(tokens.dtype))
    if dtype is None or tokens.ndim != 3 or 0 in tokens.shape:
        raise ValueError(
            f"tokens of shape {tokens.shape} and type {tokens.dtype} cannot be sent: must be (views, tokens, "
            f"width) of {', '.join(_TOKEN_TYPES)}"
        )
    if not tokens.shape[0] == len(view_names) == len(view_stamps_ns):
        raise ValueError(
            f"tokens of {tokens.shape[0]} views come with {len(view_names)} names and {len(view_stamps_ns)} "
            "stamps: the numbers must agree"
        )
    if not (math.isfinite(scale) and scale > 0.0):
        raise ValueError(f"token scale is {scale}: must be finite and positive")
    np.copyto(_resized(message, tokens.size * dtype.itemsize).view(dtype).reshape(tokens.shape), tokens)
    message.tokens_per_view, message.dim = tokens.shape[1], tokens.shape[2]
    message.dtype, message.scale = str(tokens.dtype), float(scale)
    message.view_names = list(view_names)
    message.view_stamps = [from_ns(stamp) for stamp in view_stamps_ns]
    set_stamp(message.header.stamp, min(view_stamps_ns))
    return message


def token_view(message: VisualTokens) -> NDArray[Any]:
    """Return the tokens of a message without copying: (V, N, D) in the message's type, scale not applied.

    Raises:
        ValueError: Unknown type, or a size that contradicts views, tokens and width.
    """
    dtype = _TOKEN_TYPES.get(message.dtype)
    if dtype is None:
        raise ValueError(f"token type '{message.dtype}' is unknown: must be {', '.join(_TOKEN_TYPES)}")
    shape = (len(message.view_names), message.tokens_per_view, message.dim)
    expected = math.prod(shape) * dtype.itemsize
    if expected == 0 or len(message.data) != expected or len(message.view_stamps) != shape[0]:
        raise ValueError(
            f"tokens of shape {shape} and type {message.dtype} carry {len(message.data)} bytes and "
            f"{len(message.view_stamps)} stamps: must be {expected} bytes and {shape[0]} stamps, more than 0"
        )
    return np.frombuffer(message.data, dtype=dtype).reshape(shape)


def fill_camera_info(
    message: CameraInfo, size: tuple[int, int], focal_px: tuple[float, float], stamp_ns: int, frame_id: str
) -> CameraInfo:
    """Describe an ideal pinhole camera with its centre in the middle of the image.

    Args:
        message: The message to reuse.
        size: Width and height [px].
        focal_px: Focal lengths fx and fy [px].
        stamp_ns: Capture time, the same as the image's [ns].
        frame_id: Optical frame of the camera.
    """
    (width, height), (fx, fy) = size, focal_px
    cx, cy = (width - 1) / 2.0, (height - 1) / 2.0
    message.width, message.height = width, height
    message.distortion_model = "plumb_bob"
    message.d = [0.0] * 5
    message.k = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    message.header.frame_id = frame_id
    set_stamp(message.header.stamp, stamp_ns)
    return message


def focal_from_vertical_view(height_px: int, vertical_view_rad: float) -> float:
    """Return the focal length [px] of a camera that sees `vertical_view_rad` over `height_px` rows."""
    return height_px / (2.0 * math.tan(vertical_view_rad / 2.0))


def _encoding(encoding: str) -> tuple[np.dtype[Any], int]:
    if encoding not in _ENCODINGS:
        raise ValueError(f"image encoding '{encoding}' is unknown: must be one of {', '.join(_ENCODINGS)}")
    dtype, channels = _ENCODINGS[encoding]
    return np.dtype(dtype), channels


def _resized(message: Image | VisualTokens, size: int) -> NDArray[np.uint8]:
    """Return a writable view of `size` bytes on the message's own data."""
    if len(message.data) != size:
        message.data = array("B", bytes(size))
    return np.frombuffer(message.data, dtype=np.uint8)
