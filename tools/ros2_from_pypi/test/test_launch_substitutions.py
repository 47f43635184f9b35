"""Pins the value of every substitution and condition, and the text of every failure."""

# ruff: noqa: UP006, UP035  the original knows typing.List only
from __future__ import annotations

import os
from pathlib import Path
from typing import List

import pytest
from launch import LaunchContext
from launch.conditions import (
    IfCondition,
    InvalidConditionExpressionError,
    LaunchConfigurationEquals,
    LaunchConfigurationNotEquals,
    UnlessCondition,
)
from launch.substitutions import (
    AllSubstitution,
    AndSubstitution,
    AnonName,
    AnySubstitution,
    Command,
    EnvironmentVariable,
    EqualsSubstitution,
    FindExecutable,
    IfElseSubstitution,
    LaunchConfiguration,
    LocalSubstitution,
    NotEqualsSubstitution,
    NotSubstitution,
    OrSubstitution,
    PathJoinSubstitution,
    PythonExpression,
    SubstitutionFailure,
    TextSubstitution,
)
from launch.utilities import normalize_to_list_of_substitutions
from launch.utilities.type_utils import coerce_to_type, normalize_typed_substitution

_ON = LaunchConfiguration("on")


@pytest.fixture
def context(monkeypatch, log_root):
    monkeypatch.setenv("DEXORA_TEST", "value")
    context = LaunchContext()
    context.launch_configurations.update({"a": "1", "on": "true", "off": "False"})
    return context


@pytest.mark.parametrize(
    ("substitution", "expected"),
    [
        (TextSubstitution(text="x"), "x"),
        (LaunchConfiguration("a"), "1"),
        (LaunchConfiguration(["", "a"]), "1"),
        (LaunchConfiguration("z", default="d"), "d"),
        (LaunchConfiguration("z", default=5), "5"),
        (LaunchConfiguration("z", default=["d", LaunchConfiguration("a")]), "d1"),
        (EnvironmentVariable("DEXORA_TEST"), "value"),
        (EnvironmentVariable("DEXORA_NONE", default_value="d"), "d"),
        (PathJoinSubstitution(["/x", LaunchConfiguration("a"), "y"]), "/x/1/y"),
        (PathJoinSubstitution(["/x", ["p", LaunchConfiguration("a")]]), "/x/p1"),
        (PythonExpression(["2 + ", LaunchConfiguration("a")]), "3"),
        (PythonExpression("floor(pi) + math.floor(2.5)"), "5"),
        (PythonExpression("os.sep", ["os"]), "/"),
        (PythonExpression(["'", LaunchConfiguration("a"), "' == '1'"]), "True"),
        (IfElseSubstitution(_ON, if_value="x", else_value="y"), "x"),
        (IfElseSubstitution(LaunchConfiguration("off"), "x", ["y", LaunchConfiguration("a")]), "y1"),
        (IfElseSubstitution("yes", "x"), "x"),
        (EqualsSubstitution(LaunchConfiguration("a"), "1"), "true"),
        (EqualsSubstitution(LaunchConfiguration("a"), 1.0), "true"),
        (EqualsSubstitution(_ON, True), "true"),
        (EqualsSubstitution("true", "1"), "true"),
        (EqualsSubstitution("a", "A"), "false"),
        (EqualsSubstitution(None, ""), "true"),
        (NotEqualsSubstitution("a", "b"), "true"),
        (NotEqualsSubstitution("0.10", "0.1"), "false"),
        (NotSubstitution(_ON), "false"),
        (AndSubstitution(_ON, "false"), "false"),
        (AndSubstitution(_ON, "yes"), "true"),
        (OrSubstitution("false", _ON), "true"),
        (AnySubstitution("false", "no", _ON), "true"),
        (AllSubstitution(_ON, "false"), "false"),
        (Command("echo hello"), "hello\n"),
        (Command(["echo ", LaunchConfiguration("a"), " 'b c'"]), "1 b c\n"),
        (Command("bash -c 'echo e >&2; echo o'", on_stderr="ignore"), "o\n"),
        (Command("bash -c 'echo e >&2; echo o'", on_stderr="capture"), "e\no\n"),
    ],
)
def test_value(context, substitution, expected):
    assert substitution.perform(context) == expected


@pytest.mark.parametrize(
    ("substitution", "message"),
    [
        (LaunchConfiguration("z"), "launch configuration 'z' does not exist"),
        (EnvironmentVariable("DEXORA_NONE"), "environment variable 'DEXORA_NONE' does not exist"),
        (FindExecutable(name="dexora-none"), "executable 'dexora-none' not found on the PATH"),
        (NotSubstitution("maybe"), "Cannot convert value 'maybe' to"),
        (IfElseSubstitution("1", "x"), "Cannot convert value '1' to"),
        (Command("dexora-none"), "file not found"),
        (Command("bash -c 'echo why >&2; exit 3'"), "executed command failed. Command: bash -c"),
        (Command("bash -c 'echo why >&2'"), "executed command showed stderr output"),
        (Command("true", on_stderr="x"), "expected 'on_stderr' to be one of"),
    ],
)
def test_failure_says_why(context, substitution, message):
    with pytest.raises(SubstitutionFailure, match=message):
        substitution.perform(context)


@pytest.mark.parametrize(
    ("substitution", "text"),
    [
        (TextSubstitution(text="x"), "'x'"),
        (LaunchConfiguration("a"), "LaunchConfig('a')"),
        (EnvironmentVariable("E"), "EnvVar('E')"),
        (PythonExpression("1"), "PythonExpr('1', ['math'])"),
        (Command("ls"), "Command('ls')"),
        (FindExecutable(name="ls"), "FindExec('ls')"),
    ],
)
def test_description(substitution, text):
    assert substitution.describe() == text


def test_find_executable(context):
    assert os.access(FindExecutable(name="bash").perform(context), os.X_OK)


def test_anon_name_is_stable_within_a_launch(context):
    name = AnonName("node")
    assert name.perform(context).startswith("node_")
    assert name.perform(context) == AnonName("node").perform(context)
    assert name.perform(context) != name.perform(LaunchContext())
    assert not set(name.perform(context)) & set(".-:")


def test_local_substitution_follows_attributes(context):
    context.extend_locals({"event": Path("/x/y")})
    assert LocalSubstitution("event.name").perform(context) == "y"
    with pytest.raises(AttributeError, match=r"context\.locals does not contain attribute 'none'"):
        LocalSubstitution("none").perform(context)


def test_if_else_needs_one_value():
    with pytest.raises(RuntimeError, match="One of if_value and else_value must be specified"):
        IfElseSubstitution("true")


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "1", " true "])
def test_conditions_on_true(context, text):
    assert IfCondition(text).evaluate(context)
    assert not UnlessCondition(text).evaluate(context)


@pytest.mark.parametrize("text", ["false", "False", "0"])
def test_conditions_on_false(context, text):
    assert not IfCondition(text).evaluate(context)
    assert UnlessCondition(text).evaluate(context)


@pytest.mark.parametrize("text", ["", "yes", "2"])
def test_conditions_refuse_anything_else(context, text):
    with pytest.raises(InvalidConditionExpressionError, match=f"but got '{text}'"):
        IfCondition(text).evaluate(context)


def test_configuration_conditions(context):
    assert LaunchConfigurationEquals("a", "1").evaluate(context)
    assert not LaunchConfigurationEquals("a", "2").evaluate(context)
    assert not LaunchConfigurationEquals("z", "2").evaluate(context)
    assert LaunchConfigurationEquals("z", None).evaluate(context)
    assert LaunchConfigurationNotEquals("a", "2").evaluate(context)


def test_only_texts_paths_and_substitutions_are_normalized():
    assert [s.text for s in normalize_to_list_of_substitutions(["a", Path("/b")])] == ["a", "/b"]
    with pytest.raises(TypeError, match=r"when only 'str' or 'launch\.Substitution' were expected"):
        normalize_to_list_of_substitutions([1])
    with pytest.raises(TypeError, match="int"):
        normalize_to_list_of_substitutions(1)


@pytest.mark.parametrize(
    ("text", "data_type", "expected"),
    [
        ("1", int, 1),
        ("1", float, 1.0),
        ("1", str, "1"),
        ("off", bool, False),
        ("[1, 2]", List[int], [1, 2]),
        ("[1.0, 2.5]", List[float], [1.0, 2.5]),
        ("[a, b]", List[str], ["a", "b"]),
        ("1.5", None, 1.5),
        ("hello", None, "hello"),
    ],
)
def test_text_becomes_a_value_of_the_type(text, data_type, expected):
    value = coerce_to_type(text, data_type)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("text", "data_type"),
    [
        ("x", int),
        ("1.5", int),
        ("1", bool),
        ("[1, a]", List[int]),
        ("1", List[int]),
        ("[1, 2.5]", List[float]),
        ("[1]", list[int]),
        ("{a: 1}", None),
        ("[", None),
    ],
)
def test_text_that_is_no_value_of_the_type_is_refused(text, data_type):
    with pytest.raises(ValueError, match=r"."):
        coerce_to_type(text, data_type)


def test_value_of_another_type_is_refused_at_once():
    with pytest.raises(TypeError, match="is not an instance of"):
        normalize_typed_substitution("x", bool)
    with pytest.raises(TypeError, match="is not an instance of"):
        normalize_typed_substitution([1, "x"], List[int])
    with pytest.raises(TypeError, match="is not an instance of"):
        normalize_typed_substitution([1], int)
    with pytest.raises(TypeError, match="value should be either a scalar"):
        normalize_typed_substitution(None, bool)
