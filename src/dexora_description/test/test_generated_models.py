"""Pins that the committed URDF and MJCF are what the generator writes, and that both are physically sound."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from dexora_description.generate.__main__ import main, outputs
from dexora_description.generate.geometry import Pose, pose, rotation_x, rotation_y, rotation_z
from dexora_description.generate.robot import build

from dexora_description import contract_path, mjcf_path, urdf_path

ROBOT = build(contract_path())
MOVING = [link for link in ROBOT.links if link.joint is not None]


def quaternion_matrix(quaternion):
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def mass_of(prefix):
    return sum(link.mass for link in ROBOT.links if link.name.startswith(prefix))


def test_committed_models_are_up_to_date():
    for path, text in outputs().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"run python -m dexora_description.generate ({path.name})"
        )


def test_check_finds_a_stale_model_and_writing_repairs_it(tmp_path, monkeypatch, caplog):
    (tmp_path / "robots").mkdir()
    (tmp_path / "robots/dexora36.yaml").write_bytes(contract_path().read_bytes())
    monkeypatch.setenv("DEXORA_DESCRIPTION_DIR", str(tmp_path))
    caplog.set_level("INFO")
    assert main(["--check"]) == 1
    assert "dexora36.urdf is out of date; run python -m dexora_description.generate" in caplog.text
    assert not (tmp_path / "urdf").exists()
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_every_joint_of_the_contract_moves_one_link():
    assert sorted(link.joint.name for link in MOVING) == sorted(ROBOT.limits)


@pytest.mark.parametrize("link", ROBOT.links, ids=lambda link: link.name)
def test_inertia_is_physically_possible(link):
    principal = np.linalg.eigvalsh(link.inertia)
    assert link.mass > 0
    assert principal[0] > 0
    assert principal[2] < principal[0] + principal[1]


def test_written_inertias_keep_the_triangle_inequality():
    for inertia in ET.parse(urdf_path()).iter("inertia"):
        ixx, ixy, ixz, iyy, iyz, izz = (
            float(inertia.get(k)) for k in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
        )
        principal = np.linalg.eigvalsh([[ixx, ixy, ixz], [ixy, iyy, iyz], [ixz, iyz, izz]])
        assert principal[0] > 0
        assert principal[2] < principal[0] + principal[1]


@pytest.mark.parametrize("side", ["left", "right"])
def test_masses_are_those_of_the_class(side):
    assert 4.0 < mass_of(f"{side}_arm_link") < 5.0
    assert 1.0 < mass_of(f"{side}_hand") < 1.2


def test_left_hand_is_the_mirror_image_of_the_right():
    mirror = np.diag([1.0, -1.0, 1.0])
    links = {link.name: link for link in ROBOT.links}
    for name, right in links.items():
        if not name.startswith("right_hand_link"):
            continue
        left = links[name.replace("right", "left")]
        assert left.pose.position == pytest.approx(mirror @ right.pose.position)
        assert left.centre_of_mass == pytest.approx(mirror @ right.centre_of_mass)
        assert left.inertia == pytest.approx(mirror @ right.inertia @ mirror)
        # A rotation axis is a pseudovector: its component along the normal of the mirror stays.
        assert left.joint.axis == pytest.approx(-mirror @ right.joint.axis)
        assert [shape.size for shape in left.shapes] == [shape.size for shape in right.shapes]


def test_poses_convert_to_urdf_and_mjcf_angles():
    generator = np.random.default_rng(0)
    for roll, pitch, yaw in [*generator.uniform(-3, 3, (50, 3)), (0.3, np.pi / 2, 0.2), (0, 0, np.pi)]:
        rotation = rotation_z(yaw) @ rotation_y(pitch) @ rotation_x(roll)
        made: Pose = pose(rotation=rotation)
        r, p, y = made.rpy
        assert rotation_z(y) @ rotation_y(p) @ rotation_x(r) == pytest.approx(rotation, abs=1e-12)
        assert quaternion_matrix(made.quaternion) == pytest.approx(rotation, abs=1e-12)


def test_urdf_needs_no_file_beside_it():
    assert "mesh" not in urdf_path().read_text(encoding="utf-8")
    assert "file=" not in mjcf_path().read_text(encoding="utf-8")
