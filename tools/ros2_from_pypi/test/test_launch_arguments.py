"""Pins launch arguments: defaults, choices, required ones, unknown ones, includes, and --show-args."""

from __future__ import annotations

import pytest
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    ResetLaunchConfigurations,
    SetLaunchConfiguration,
)
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, ThisLaunchFileDir
from ros2launch.api import (
    launch_a_launch_file,
    parse_launch_arguments,
    print_arguments_of_launch_description,
    print_arguments_of_launch_file,
)

_HEADER = "from launch import *\nfrom launch.actions import *\nfrom launch.substitutions import *\n"


def _write(path, entities):
    path.write_text(
        f"{_HEADER}def generate_launch_description():\n    return LaunchDescription([{entities}])\n"
    )
    return str(path)


def _perform(argument, **configurations):
    context = LaunchContext()
    context.launch_configurations.update(configurations)
    argument.execute(context)
    return context.launch_configurations[argument.name]


def test_default_is_used_only_where_nothing_is_set():
    argument = DeclareLaunchArgument("a", default_value=["x", LaunchConfiguration("b", default="y")])
    assert _perform(argument) == "xy"
    assert _perform(argument, b="z") == "xz"
    assert _perform(argument, a="given") == "given"


def test_missing_required_argument_names_it():
    with pytest.raises(RuntimeError, match=r'^Required launch argument "speed" was not provided\.$'):
        _perform(DeclareLaunchArgument("speed"))


def test_value_outside_choices_lists_the_choices():
    argument = DeclareLaunchArgument("mode", choices=["a", "b"])
    with pytest.raises(
        RuntimeError,
        match=r'^Argument "mode" provided value "c" is not valid\. Valid options '
        r"are: \['a', 'b'\]$",
    ):
        _perform(argument, mode="c")
    assert _perform(argument, mode="b") == "b"


def test_default_outside_choices_is_refused_at_once():
    with pytest.raises(RuntimeError, match='Provided default_value "c" is not in provided choices'):
        DeclareLaunchArgument("mode", default_value="c", choices=["a", "b"])
    with pytest.raises(RuntimeError, match="Provided choices arg is empty"):
        DeclareLaunchArgument("mode", choices=[])


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (DeclareLaunchArgument("a"), "no description given"),
        (DeclareLaunchArgument("a", description="The a"), "The a"),
        (DeclareLaunchArgument("a", choices=["x"]), "One of: ['x']"),
        (DeclareLaunchArgument("a", choices=["x"], description="The a"), "The a. Valid choices are: ['x']"),
        (DeclareLaunchArgument("a", choices=["x"], description="The a."), "The a. Valid choices are: ['x']"),
    ],
)
def test_description_includes_choices(argument, text):
    assert argument.description == text


def test_show_args_prints_the_originals_shape(capsys, log_root):
    conditional = DeclareLaunchArgument("c", condition=IfCondition("true"))
    print_arguments_of_launch_description(
        launch_description=LaunchDescription(
            [
                DeclareLaunchArgument(
                    "a", default_value=["x", LaunchConfiguration("b")], description="The a"
                ),
                DeclareLaunchArgument("b"),
                GroupAction([conditional]),
                DeclareLaunchArgument("a", description="declared twice: the first one counts"),
            ]
        )
    )
    assert capsys.readouterr().out == (
        "Arguments (pass arguments as '<name>:=<value>'):\n"
        "\n    'a':\n        The a\n        (default: 'x' + LaunchConfig('b'))\n"
        "\n    'b':\n        no description given\n"
        "\n    'c':*\n        no description given\n"
        "\n* argument(s) which are only used if specific conditions occur\n"
    )


def test_show_args_of_a_file_without_arguments(capsys, log_root, tmp_path):
    print_arguments_of_launch_file(launch_file_path=_write(tmp_path / "x.launch.py", ""))
    assert capsys.readouterr().out == "Arguments (pass arguments as '<name>:=<value>'):\n\n  No arguments.\n"


def test_show_args_follows_includes_and_stops_at_a_reset(capsys, log_root, tmp_path):
    _write(tmp_path / "inner.launch.py", "DeclareLaunchArgument('inner')")
    outer = _write(
        tmp_path / "outer.launch.py",
        f"IncludeLaunchDescription({str(tmp_path / 'inner.launch.py')!r}), ResetLaunchConfigurations(), "
        "DeclareLaunchArgument('hidden')",
    )
    print_arguments_of_launch_file(launch_file_path=outer)
    out = capsys.readouterr().out
    assert "'inner':" in out
    assert "hidden" not in out


def test_include_that_needs_the_context_is_left_out_of_show_args(log_root):
    include = IncludeLaunchDescription([LaunchConfiguration("unset"), "/x.launch.py"])
    assert LaunchDescription([include]).get_launch_arguments() == []


def test_malformed_arguments_are_refused():
    assert parse_launch_arguments(["a:=1", "b:=x:=y", "a:=2"]) == [("a", "2"), ("b", "x:=y")]
    for bad in ("a", "a=1", ":=1", "a:="):
        with pytest.raises(
            RuntimeError, match=r"malformed launch argument '.*', expected format '<name>:=<value>'"
        ):
            parse_launch_arguments([bad])


def test_unknown_argument_is_set_without_a_complaint(capfd, log_root, tmp_path):
    """The original cannot know all arguments beforehand: it sets what it is given and says nothing."""
    path = _write(tmp_path / "x.launch.py", "LogInfo(msg=['got ', LaunchConfiguration('unknown')])")
    assert launch_a_launch_file(launch_file_path=path, launch_file_arguments=["unknown:=7"]) == 0
    assert "[INFO] [launch.user]: got 7\n" in capfd.readouterr().out


def test_required_argument_missing_on_the_command_line(capfd, log_root, tmp_path):
    path = _write(tmp_path / "x.launch.py", "DeclareLaunchArgument('speed', description='How fast')")
    assert launch_a_launch_file(launch_file_path=path, launch_file_arguments=["other:=7"]) == 1
    assert (
        "[ERROR] [launch]: Caught exception in launch (see debug for traceback): Included launch description "
        "missing required argument 'speed' (description: 'How fast'), given: [other]\n"
    ) in capfd.readouterr().out


def test_conditional_required_argument_fails_only_when_visited(run):
    argument = DeclareLaunchArgument("speed", condition=IfCondition(LaunchConfiguration("on")))
    assert run(SetLaunchConfiguration("on", "false"), argument).code == 0
    outcome = run(SetLaunchConfiguration("on", "true"), argument)
    assert outcome.code == 1
    assert (
        'Required launch argument "speed" (description: "no description given") was not provided'
        in outcome.out
    )
    assert 'traceback): Required launch argument "speed" was not provided.' in outcome.out


def test_include_passes_arguments_which_stay_set(run, tmp_path):
    path = _write(
        tmp_path / "x.launch.py", "DeclareLaunchArgument('a'), LogInfo(msg=LaunchConfiguration('a'))"
    )
    source = PythonLaunchDescriptionSource(path)
    after = LogInfo(msg=["after ", LaunchConfiguration("a")])
    outcome = run(IncludeLaunchDescription(source, launch_arguments={"a": "1"}.items()), after)
    assert outcome.code == 0
    assert "[launch.user]: 1\n[INFO] [launch.user]: after 1\n" in outcome.out


def test_include_in_a_group_hides_its_arguments(run, tmp_path):
    path = _write(tmp_path / "x.launch.py", "DeclareLaunchArgument('a')")
    include = IncludeLaunchDescription(path, launch_arguments=[("a", "1")])
    after = LogInfo(msg=["after ", LaunchConfiguration("a", default="unset")])
    assert "after unset\n" in run(GroupAction([include]), after).out


def test_this_launch_file_dir_is_that_of_the_included_file(run, tmp_path):
    (tmp_path / "sub").mkdir()
    _write(tmp_path / "sub" / "inner.launch.py", "LogInfo(msg=['inner ', ThisLaunchFileDir()])")
    outer = _write(
        tmp_path / "outer.launch.py",
        "IncludeLaunchDescription(PathJoinSubstitution([ThisLaunchFileDir(), 'sub', 'inner.launch.py'])), "
        "LogInfo(msg=['outer ', ThisLaunchFile()])",
    )
    outcome = run(IncludeLaunchDescription(outer))
    assert f"inner {tmp_path / 'sub'}\n" in outcome.out
    assert f"outer {outer}\n" in outcome.out


def test_this_launch_file_dir_outside_of_a_file_fails(run):
    outcome = run(LogInfo(msg=PathJoinSubstitution([ThisLaunchFileDir(), "x"])))
    assert outcome.code == 1
    assert "ThisLaunchFileDir used outside of a launch file (in a script)" in outcome.out


def test_missing_file_ends_the_launch(run, tmp_path):
    outcome = run(IncludeLaunchDescription(str(tmp_path / "none.launch.py")))
    assert outcome.code == 1
    assert "none.launch.py" in outcome.out


def test_file_without_the_function_is_named(run, tmp_path):
    path = tmp_path / "x.launch.py"
    path.write_text("x = 1\n")
    outcome = run(IncludeLaunchDescription(str(path)))
    assert (
        f"launch file at '{path}' does not contain the required function 'generate_launch_description()'"
        in outcome.out
    )


def test_opaque_function_gets_context_and_arguments_and_returns_entities(run):
    def function(context, first, second=0):
        return [LogInfo(msg=f"{first} {second} {LaunchConfiguration('a').perform(context)}")]

    opaque = OpaqueFunction(function=function, args=[1], kwargs={"second": 2})
    assert "1 2 x\n" in run(SetLaunchConfiguration("a", "x"), opaque).out


def test_reset_keeps_only_what_is_given(run):
    actions = [
        SetLaunchConfiguration("a", "1"),
        SetLaunchConfiguration("b", "2"),
        ResetLaunchConfigurations({"a": LaunchConfiguration("b")}),
        OpaqueFunction(function=lambda context: [LogInfo(msg=str(context.launch_configurations))]),
    ]
    assert "{'a': '2'}" in run(*actions).out


def test_error_in_a_launch_file_is_named_with_its_type(run, tmp_path):
    path = tmp_path / "x.launch.py"
    path.write_text("import dexora_none\n")
    outcome = run(IncludeLaunchDescription(str(path)))
    assert outcome.code == 1
    assert (
        "Caught exception when trying to load file of format [py]: ModuleNotFoundError: "
        "No module named 'dexora_none'\n"
    ) in outcome.out
