"""Pins that whatever lies outside the subset is refused by name, with what it needs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import launch
import pytest
from launch.actions import ExecuteProcess, IncludeLaunchDescription, LogInfo
from launch.event_handlers import OnProcessExit
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

_NEEDS = "needs an installed ROS 2"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("launch", "LaunchIntrospector"),
        ("launch.actions", "ForLoop"),
        ("launch.actions", "OpaqueCoroutine"),
        ("launch.substitutions", "FileContent"),
        ("launch.event_handlers", "OnExecutionComplete"),
        ("launch.conditions", "AndCondition"),
        ("launch.launch_description_sources", "XMLLaunchDescriptionSource"),
        ("launch_ros", "ros_adapters"),
        ("launch_ros.actions", "ComposableNodeContainer"),
        ("launch_ros.actions", "LoadComposableNodes"),
        ("launch_ros.descriptions", "ComposableNode"),
        ("launch_ros.substitutions", "FindPackageFile"),
    ],
)
def test_unknown_name_is_refused(module, name):
    with pytest.raises(ImportError, match=f"'{module}.{name}' is not part of the subset.*{_NEEDS}"):
        getattr(importlib.import_module(module), name)
    with pytest.raises(ImportError, match=f"'{module}.{name}' is not part of the subset.*{_NEEDS}"):
        exec(f"from {module} import {name}", {})


@pytest.mark.parametrize(
    "module", ["launch.frontend", "launch.frontend.parser", "launch_ros.events.lifecycle"]
)
def test_unknown_module_is_refused(module):
    with pytest.raises(ImportError, match=_NEEDS):
        importlib.import_module(module)


@pytest.mark.parametrize(
    ("create", "argument"),
    [
        (lambda: Node(executable="x", lifetime=1), "lifetime"),
        (lambda: ExecuteProcess(cmd=["x"], nice=5), "nice"),
        (lambda: LogInfo(msg="x", level="warn"), "level"),
        (lambda: LaunchConfiguration("x", kind=1), "kind"),
        (lambda: OnProcessExit(on_exit=[], once=True), "once"),
    ],
)
def test_unknown_argument_is_refused(create, argument):
    with pytest.raises(TypeError, match=f"argument '{argument}' of launch.*{_NEEDS}"):
        create()


@pytest.mark.parametrize("extension", ["xml", "yaml", "yml"])
def test_other_formats_of_launch_files_are_refused(run, tmp_path, extension):
    path = tmp_path / f"x.launch.{extension}"
    path.write_text("<launch/>")
    outcome = run(IncludeLaunchDescription(str(path)))
    assert outcome.code == 1
    assert str(path) in outcome.out
    assert _NEEDS in outcome.out


def test_attributes_that_python_itself_asks_for_are_plain_attribute_errors():
    assert not hasattr(launch.actions, "__wrapped__")
    assert not hasattr(launch.actions, "_private")


def test_user_classes_may_take_arguments_of_their_own():
    class Mine(LogInfo):
        def __init__(self, *, mine, **kwargs):
            super().__init__(**kwargs)
            self.mine = mine

    assert Mine(mine=1, msg="x").mine == 1
    with pytest.raises(TypeError, match="'yours'"):
        Mine(mine=1, msg="x", yours=2)


def test_launching_needs_no_rclpy():
    """Half a second and a DDS participant less for launch files without autostart."""
    program = "import sys, launch, launch_ros.actions, ros2launch.api; sys.exit('rclpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
