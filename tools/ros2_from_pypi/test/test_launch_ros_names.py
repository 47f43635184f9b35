"""Pins how nodes are found and named: packages, executables, names, namespaces, and the errors on the way."""

from __future__ import annotations

import pytest
from launch import LaunchContext
from launch.actions import GroupAction
from launch_ros.actions import Node, PushROSNamespace, PushRosNamespace
from launch_ros.substitutions import ExecutableInPackage, FindPackagePrefix, FindPackageShare


def _talker(**kwargs):
    return Node(package="demo", executable="talker", output="screen", **kwargs)


@pytest.mark.parametrize(
    ("pushed", "own", "expected"),
    [
        ([], "", "/"),
        ([], "a", "/a"),
        ([], "/a", "/a"),
        (["p"], None, "/p"),
        (["p"], "", "/p"),
        (["p"], "a", "/p/a"),
        (["p"], "/a", "/a"),
        (["p", "q"], "a", "/p/q/a"),
        (["p", "/q"], "a", "/q/a"),
        (["/"], "a", "/a"),
    ],
)
def test_namespace(arguments_of, pushed, own, expected):
    pushes = [PushRosNamespace(namespace) for namespace in pushed]
    (arguments,) = arguments_of(*pushes, _talker(namespace=own))
    assert arguments == ["--ros-args", "-r", f"__ns:={expected}"]


def test_pushed_namespace_ends_with_the_group(arguments_of):
    group = GroupAction([PushROSNamespace("p"), _talker()])
    inside, after = sorted(arguments_of(group, _talker()), key=len, reverse=True)
    assert inside == ["--ros-args", "-r", "__ns:=/p"]
    assert after == ["--ros-args"]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"package": "none", "executable": "x"}, "\"package 'none' not found, searching: ['{root}']\""),
        (
            {"package": "demo", "executable": "none"},
            "executable 'none' not found on the libexec directory '{root}/lib/demo' ",
        ),
        (
            {"package": "empty", "executable": "x"},
            "package 'empty' found at '{root}', but libexec directory '{root}/lib/empty' does not exist",
        ),
    ],
)
def test_missing_package_or_executable(run, prefix, node, message):
    outcome = run(Node(**node))
    assert outcome.code == 1
    caught = "[ERROR] [launch]: Caught exception in launch (see debug for traceback): "
    assert caught + message.replace("{root}", str(prefix)) + "\n" in outcome.out


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"name": "bad-name"}, "Invalid node name: node name must not"),
        ({"name": "1st"}, "'1st'"),
        ({"namespace": "a//b"}, "Invalid namespace: namespace must be absolute"),
        ({"namespace": "a/"}, "'/a/'"),
    ],
)
def test_invalid_names_are_refused(run, prefix, node, message):
    outcome = run(_talker(**node))
    assert outcome.code == 1
    assert (
        "Error while expanding or validating node name or namespace for 'package=demo, executable=talker, "
        in (outcome.out)
    )
    assert message in outcome.out


def test_invalid_pushed_namespace_is_refused(run):
    outcome = run(PushRosNamespace("a"), PushRosNamespace("b-c"))
    assert outcome.code == 1
    assert (
        "The resulting namespace is invalid: [previous_namespace='/a', pushed_namespace='b-c']" in outcome.out
    )


def test_duplicate_names_are_warned_of(run, prefix):
    nodes = [_talker(name="n", namespace="/x") for _ in range(2)]
    message = "there are now at least 2 nodes with the name /x/n created within this launch context\n"
    out = run(*nodes).out
    assert f"[WARNING] [{nodes[1].name}]: {message}" in out


def test_package_substitutions(prefix):
    context = LaunchContext()
    assert FindPackageShare("demo").perform(context) == f"{prefix}/share/demo"
    assert FindPackagePrefix(["de", "mo"]).perform(context) == str(prefix)
    executable = ExecutableInPackage(executable="talker", package="demo")
    assert executable.perform(context) == f"{prefix}/lib/demo/talker"
    assert FindPackageShare("demo").describe() == "PkgShare(pkg='demo')"
    assert executable.describe() == "ExecInPkg(pkg='demo', exec='talker')"
