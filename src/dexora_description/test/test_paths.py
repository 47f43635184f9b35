"""Pins where a robot's files are found, and that an unknown robot is an error that lists the known ones."""

import pytest

from dexora_description import UnknownRobotError, contract_path, known_robots, mjcf_path, urdf_path


def test_default_robot_has_all_files():
    assert [path.name for path in (contract_path(), urdf_path(), mjcf_path())] == [
        "dexora36.yaml",
        "dexora36.urdf",
        "dexora36.xml",
    ]


def test_unknown_robot_lists_known_ones():
    with pytest.raises(UnknownRobotError, match="unknown robot 'dexora37'; known robots are dexora36"):
        contract_path("dexora37")


def test_robot_without_model_names_the_missing_file(tmp_path, monkeypatch):
    (tmp_path / "robots").mkdir()
    (tmp_path / "robots/half.yaml").touch()
    monkeypatch.setenv("DEXORA_DESCRIPTION_DIR", str(tmp_path))
    assert "half" in known_robots()
    assert contract_path("half") == tmp_path / "robots/half.yaml"
    with pytest.raises(UnknownRobotError, match=r"has a contract but no urdf/half\.urdf; searched"):
        urdf_path("half")


def test_directory_of_own_robots_without_robots_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DEXORA_DESCRIPTION_DIR", str(tmp_path / "typo"))
    with pytest.raises(UnknownRobotError, match=r"typo, which has no folder robots/; correct it or unset it"):
        contract_path()


def test_installed_share_directory_is_searched(tmp_path, monkeypatch):
    robots = tmp_path / "share/dexora_description/robots"
    robots.mkdir(parents=True)
    (robots / "installed.yaml").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    assert contract_path("installed") == robots / "installed.yaml"
