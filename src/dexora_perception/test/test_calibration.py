"""Pins which calibration files are taken."""

import pytest
import yaml
from dexora_core.errors import ConfigError
from dexora_perception.calibration import load_calibration


def content(**changes):
    values = {
        "image_width": 640,
        "image_height": 480,
        "distortion_model": "plumb_bob",
        "distortion_coefficients": {"rows": 1, "cols": 5, "data": [0.1, -0.2, 0, 0, 0]},
        "camera_matrix": {"rows": 3, "cols": 3, "data": [600, 0, 320, 0, 600, 240, 0, 0, 1]},
        "rectification_matrix": {"rows": 3, "cols": 3, "data": [1, 0, 0, 0, 1, 0, 0, 0, 1]},
        "projection_matrix": {"rows": 3, "cols": 4, "data": [600, 0, 320, 0, 0, 600, 240, 0, 0, 0, 1, 0]},
    }
    return values | changes


def load(tmp_path, values, size=(640, 480)):
    path = tmp_path / "top.yaml"
    path.write_text(yaml.safe_dump(values))
    return load_calibration(path, size)


def test_file_of_camera_calibration_is_read(tmp_path):
    found = load(tmp_path, content())
    assert found.k[0] == 600.0
    assert found.distortion == (0.1, -0.2, 0.0, 0.0, 0.0)
    assert len(found.p) == 12


@pytest.mark.parametrize(
    "changes",
    [
        {"camera_matrix": {"data": [1.0] * 8}},
        {"camera_matrix": None},
        {"projection_matrix": {"data": [float("nan")] * 12}},
        {"image_width": "wide"},
    ],
)
def test_malformed_file_is_refused(tmp_path, changes):
    with pytest.raises(ConfigError, match=r"the calibration .*top.yaml cannot be used"):
        load(tmp_path, content(**changes))


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"none.yaml cannot be used \(FileNotFoundError"):
        load_calibration(tmp_path / "none.yaml", (640, 480))


def test_calibration_of_another_size_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is for 640x480, the pictures are 320x240"):
        load(tmp_path, content(), (320, 240))
