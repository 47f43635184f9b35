"""Pins finding and loading launch files, as `ros2 launch <package> <file>` does it."""

from __future__ import annotations

import pytest
from ament_index_python.packages import PackageNotFoundError
from launch.launch_description_sources import (
    InvalidPythonLaunchFileError,
    get_launch_description_from_python_launch_file,
)
from ros2launch.api import (
    MultipleLaunchFilesError,
    get_launch_file_paths,
    get_share_file_path_from_package,
    is_launch_file,
    launch_a_launch_file,
)


@pytest.fixture
def share(tmp_path, monkeypatch):
    index = tmp_path / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "demo").touch()
    share = tmp_path / "share" / "demo"
    (share / "launch" / "more").mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    return share


def test_file_is_found_below_the_share_directory(share):
    path = share / "launch" / "a.launch.py"
    path.touch()
    assert get_share_file_path_from_package(package_name="demo", file_name="a.launch.py") == str(path)


def test_missing_file_names_file_package_and_place(share):
    message = (
        f"file 'a.launch.py' was not found in the share directory of package 'demo' which is at '{share}'"
    )
    with pytest.raises(FileNotFoundError, match=f"^{message}$"):
        get_share_file_path_from_package(package_name="demo", file_name="a.launch.py")


def test_file_found_twice_lists_both(share):
    for directory in (share / "launch", share / "launch" / "more"):
        (directory / "a.launch.py").touch()
    with pytest.raises(MultipleLaunchFilesError, match="was found more than once") as caught:
        get_share_file_path_from_package(package_name="demo", file_name="a.launch.py")
    assert len(caught.value.paths) == 2


def test_missing_package(share):
    with pytest.raises(PackageNotFoundError, match="none"):
        get_share_file_path_from_package(package_name="none", file_name="a.launch.py")


def test_launch_files_are_known_by_their_names(share):
    for name in ("a.launch.py", "b_launch.py", "launch.txt", "c.launch.xml", "d.py"):
        (share / name).touch()
    assert {path.rsplit("/", 1)[1] for path in get_launch_file_paths(path=str(share))} == {
        "a.launch.py",
        "b_launch.py",
        "c.launch.xml",
    }
    assert not is_launch_file(str(share / "none.launch.py"))


def test_malformed_argument_is_an_error_before_anything_starts(log_root, tmp_path):
    with pytest.raises(RuntimeError, match="malformed launch argument 'x'"):
        launch_a_launch_file(launch_file_path=str(tmp_path / "none.launch.py"), launch_file_arguments=["x"])


def test_option_extensions_are_outside_the_subset(log_root):
    with pytest.raises(ImportError, match="needs an installed ROS 2"):
        launch_a_launch_file(launch_file_path="x", launch_file_arguments=[], option_extensions={"a": 1})


def test_launch_file_that_returns_nothing_is_named(tmp_path):
    path = tmp_path / "x.launch.py"
    path.write_text("def generate_launch_description():\n    pass\n")
    with pytest.raises(
        InvalidPythonLaunchFileError, match=r"returned None; it must return a LaunchDescription"
    ):
        get_launch_description_from_python_launch_file(str(path))
