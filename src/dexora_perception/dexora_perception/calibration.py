"""Intrinsics of a camera from the YAML file that ROS's camera_calibration writes, checked strictly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dexora_core.errors import ConfigError

_MATRICES = {"camera_matrix": 9, "rectification_matrix": 9, "projection_matrix": 12}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Intrinsics as sensor_msgs/CameraInfo has them.

    Attributes:
        width: Columns that it was made for.
        height: Rows that it was made for.
        model: Distortion model, such as `plumb_bob`.
        distortion: Parameters of the model.
        k: Camera matrix, row-major 3x3 [px].
        r: Rectification matrix, row-major 3x3.
        p: Projection matrix, row-major 3x4 [px].
    """

    width: int
    height: int
    model: str
    distortion: tuple[float, ...]
    k: tuple[float, ...]
    r: tuple[float, ...]
    p: tuple[float, ...]


def load_calibration(path: Path, size: tuple[int, int]) -> Calibration:
    """Read a calibration file.

    Args:
        path: The file.
        size: Width and height of the camera's pictures [px].

    Raises:
        ConfigError: It cannot be read, a part is missing or malformed, or it was made for another size.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        matrices = {name: _numbers(content[name], count) for name, count in _MATRICES.items()}
        distortion = _numbers(content["distortion_coefficients"], None)
        width, height = int(content["image_width"]), int(content["image_height"])
        model = str(content["distortion_model"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the calibration {path} cannot be used ({type(error).__name__}: {error}); write it with "
            "camera_calibration, or leave the parameter calibration empty"
        ) from error
    if (width, height) != size:
        raise ConfigError(
            f"the calibration {path} is for {width}x{height}, the pictures are {size[0]}x{size[1]}; "
            "calibrate at the size that is used"
        )
    k, r, p = matrices.values()
    return Calibration(width, height, model, distortion, k, r, p)


def _numbers(matrix: dict[str, Any], count: int | None) -> tuple[float, ...]:
    values = tuple(float(value) for value in matrix["data"])
    if (count is not None and len(values) != count) or not all(map(math.isfinite, values)):
        raise ValueError(f"{len(values)} values, must be {count} finite ones")
    return values
