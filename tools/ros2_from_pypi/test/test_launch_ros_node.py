"""Pins the command line of a node: names, namespaces, remappings, parameters, and the errors on the way."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
import yaml
from launch.actions import GroupAction, SetLaunchConfiguration
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import (
    LifecycleNode,
    Node,
    SetParameter,
    SetParametersFromFile,
    SetRemap,
    SetUseSimTime,
)
from launch_ros.descriptions import Parameter, ParameterFile


def _talker(**kwargs):
    return Node(package="demo", executable="talker", output="screen", **kwargs)


def _sections(arguments):
    files = [value for flag, value in pairwise(arguments) if flag == "--params-file"]
    assert all(os.path.basename(path).startswith("launch_params_") for path in files)  # noqa: PTH119
    return [yaml.safe_load(open(path, encoding="utf-8")) for path in files]  # noqa: PTH123


def test_bare_node_gets_only_ros_args(arguments_of):
    assert arguments_of(_talker()) == [["--ros-args"]]


def test_order_of_all_arguments(arguments_of):
    node = _talker(
        name="n",
        namespace="ns",
        arguments=["--first", LaunchConfiguration("x", default="1")],
        ros_arguments=["--log-level", "debug"],
        remappings=[("a", "b"), ("c", ["d", LaunchConfiguration("x", default="1")])],
    )
    expected = "--first 1 --ros-args --log-level debug --ros-args -r __node:=n -r __ns:=/ns -r a:=b -r c:=d1"
    assert arguments_of(node) == [expected.split()]


def test_process_is_named_after_the_executable_or_exec_name(run, prefix):
    node, other = _talker(name="n"), _talker(exec_name="shown")
    out = run(node, other).out
    assert node.name.startswith("talker-")
    assert other.name.startswith("shown-")
    assert f"[{other.name}] args: <--ros-args>\n" in out
    assert node.node_name == "<node_namespace_unspecified>/n"
    assert not node.is_node_name_fully_specified()


def test_node_without_a_package_runs_a_path(arguments_of, prefix):
    node = Node(executable=str(prefix / "lib" / "demo" / "talker"), output="screen", name="n")
    assert arguments_of(node) == [["--ros-args", "-r", "__node:=n"]]


def test_set_parameter_and_remap_reach_the_nodes_of_the_scope(arguments_of):
    group = GroupAction(
        [SetParameter("rate", 5.0), SetUseSimTime(True), SetRemap("a", "b"), _talker(remappings=[("c", "d")])]
    )
    inside, after = sorted(
        arguments_of(group, SetParameter("other", "text"), _talker()), key=len, reverse=True
    )
    assert inside == ["--ros-args", "-p", "rate:=5.0", "-p", "use_sim_time:=True", "-r", "a:=b", "-r", "c:=d"]
    assert after == ["--ros-args", "-p", "other:=text"]


def test_set_parameter_in_an_inner_group_does_not_leak(arguments_of):
    outer = [SetParameter("a", 1), GroupAction([SetParameter("b", 2)]), _talker()]
    assert arguments_of(*outer) == [["--ros-args", "-p", "a:=1"]]


def test_parameters_of_a_fully_named_node_are_its_own(arguments_of):
    parameters = [{"a": 1, "b": {"c": "text", "d": {"e": [1.0, 2.0]}}, "f": True}]
    (arguments,) = arguments_of(_talker(name="n", namespace="x", parameters=parameters))
    assert arguments[:5] == ["--ros-args", "-r", "__node:=n", "-r", "__ns:=/x"]
    assert _sections(arguments) == [
        {"/x/n": {"ros__parameters": {"a": 1, "b.c": "text", "b.d.e": [1.0, 2.0], "f": True}}}
    ]


def test_parameters_of_another_node_are_for_any(arguments_of):
    (arguments,) = arguments_of(_talker(name="n", parameters=[{"a": "1"}]))
    assert _sections(arguments) == [{"/**": {"ros__parameters": {"a": "1"}}}]


def test_parameter_files_and_rules_keep_their_order(arguments_of, tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("{}")
    parameters = [str(path), Parameter("x", LaunchConfiguration("v")), {"a": 1}, ParameterFile(path), path]
    (arguments,) = arguments_of(SetLaunchConfiguration("v", "[1, 2]"), _talker(parameters=parameters))
    assert arguments[:5] == ["--ros-args", "--params-file", str(path), "-p", "x:=[1, 2]"]
    assert arguments[-4:] == ["--params-file", str(path)] * 2


def test_missing_parameter_file_is_only_warned_of(run, prefix):
    outcome = run(_talker(parameters=["/none.yaml"]))
    assert outcome.code == 0
    assert (
        "[WARNING] [launch_ros.actions.node]: Parameter file path is not a file: /none.yaml\n" in outcome.out
    )
    assert "args: <--ros-args>\n" in outcome.out


def test_set_parameters_from_file(arguments_of, run, tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("{}")
    assert arguments_of(SetParametersFromFile(str(path)), _talker()) == [
        ["--ros-args", "--params-file", str(path)]
    ]
    outcome = run(SetParametersFromFile("/none.yaml"), _talker())
    assert outcome.code == 1
    assert "'/none.yaml' is not a file" in outcome.out


def test_parameters_must_be_a_list():
    with pytest.raises(TypeError, match="'Node' expected 'parameters' to be one of"):
        Node(executable="x", parameters={"a": 1})


def test_node_name_is_unknown_before():
    with pytest.raises(RuntimeError, match="cannot access 'node_name' before executing action"):
        _ = Node(executable="x").node_name


def test_lifecycle_node_without_autostart_is_a_node(arguments_of):
    node = LifecycleNode(package="demo", executable="talker", output="screen", name="n", namespace="")
    assert arguments_of(node) == [["--ros-args", "-r", "__node:=n", "-r", "__ns:=/"]]
    with pytest.raises(TypeError, match="namespace"):
        LifecycleNode(package="demo", executable="talker", name="n")


def test_texts_in_a_parameter_file_are_quoted(arguments_of):
    """The parser in rcl takes a bare 1e5 for a number, and PyYAML leaves it bare."""
    (arguments,) = arguments_of(_talker(parameters=[{"a": "1e5", "b": ["on", "x"]}]))
    with open(arguments[-1], encoding="utf-8") as file:  # noqa: PTH123
        text = file.read()
    assert "'1e5'" in text
    assert "'on'" in text
