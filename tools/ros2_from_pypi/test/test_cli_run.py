"""Pins `ros2 run` and `ros2 launch`: exit codes, arguments, signals and how files and packages are found."""

import os
import signal
import subprocess
import sys

import pytest
from dexora_ros2cli.main import main

EXECUTABLES = {
    "fails": "exit 3",
    "says": 'echo "got: $*"',
    "sleeps": "echo up; exec sleep 30",
}
LAUNCH_FILE = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.substitutions import LaunchConfiguration


def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument("word", default_value="hello", description="what to say"),
        ExecuteProcess(cmd=["echo", LaunchConfiguration("word")], output="screen"),
    ])
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with executables and a launch file."""
    index = tmp_path / "share/ament_index/resource_index/packages"
    index.mkdir(parents=True)
    (index / "pkg").touch()
    folder = tmp_path / "lib/pkg"
    folder.mkdir(parents=True)
    for name, body in EXECUTABLES.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    (folder / "data.txt").touch()
    launch = tmp_path / "share/pkg/launch"
    launch.mkdir(parents=True)
    (launch / "x.launch.py").write_text(LAUNCH_FILE)
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path}:{os.environ['AMENT_PREFIX_PATH']}")
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    return tmp_path


def _ros2(*words):
    return subprocess.run(
        [sys.executable, "-m", "dexora_ros2cli", *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_executables_are_listed(package, capsys):
    assert main(["pkg", "executables", "pkg"]) == 0
    assert capsys.readouterr().out == "pkg fails\npkg says\npkg sleeps\n"
    assert main(["pkg", "prefix", "pkg", "--share"]) == 0
    assert capsys.readouterr().out == f"{package}/share/pkg\n"


def test_exit_code_of_the_executable_is_passed_on(package):
    process = _ros2("run", "pkg", "fails")
    assert process.returncode == 3
    assert process.stderr == "[ros2run]: Process exited with failure 3\n"


def test_arguments_and_prefix_reach_the_executable(package):
    assert _ros2("run", "pkg", "says", "--ros-args", "-p", "a:=1").stdout == "got: --ros-args -p a:=1\n"
    assert _ros2("run", "--prefix", "echo would run", "pkg", "says").stdout.startswith("would run /")


@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_signals_reach_the_executable(package, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "dexora_ros2cli", "run", "pkg", "sleeps"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    assert process.wait(5) != 0


def test_launch_file_of_a_package_runs_with_arguments(package):
    process = _ros2("launch", "pkg", "x.launch.py", "word:=bonjour")
    assert process.returncode == 0
    assert "] bonjour" in process.stdout


def test_launch_file_is_found_by_path_and_shows_its_arguments(package):
    process = _ros2("launch", str(package / "share/pkg/launch/x.launch.py"), "--show-args")
    assert process.returncode == 0
    assert "'word':\n        what to say\n        (default: 'hello')" in process.stdout


def test_missing_launch_file_ends_with_1(package):
    process = _ros2("launch", "pkg", "y.launch.py")
    assert process.returncode == 1
    assert "file 'y.launch.py' was not found in the share directory of package 'pkg'" in process.stderr
