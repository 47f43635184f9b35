"""Pins which parameter values are accepted, what type they get, and the errors for the others."""
# ruff: noqa: UP006, UP035  the original knows typing.List only

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest
from launch import LaunchContext
from launch.substitutions import LaunchConfiguration, TextSubstitution
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.utilities import (
    evaluate_parameter_dict,
    evaluate_parameters,
    normalize_parameter_dict,
    normalize_parameters,
)


@pytest.fixture
def context():
    context = LaunchContext()
    context.launch_configurations.update(
        {
            "int": "5",
            "float": "5.0",
            "bool": "true",
            "text": "hello",
            "list": "[1, 2]",
            "mixed": "[1, a]",
            "empty": "",
            "map": "{a: 1}",
            "broken": "a: [",
            "none": "null",
            "colon": "a: b",
            "quoted": "'5'",
        }
    )
    return context


def _configuration(name):
    return LaunchConfiguration(name)


def _evaluate(context, value):
    evaluated = evaluate_parameter_dict(context, normalize_parameter_dict({"p": value}))["p"]
    return list(evaluated) if isinstance(evaluated, (list, tuple)) else evaluated


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (5.0, 5.0),
        (True, True),
        ("5", "5"),
        ("", ""),
        ("it's: a 'text'", "it's: a 'text'"),
        (b"x", b"x"),
        (Path("/x"), "/x"),
        ([1, 2], [1, 2]),
        ([1, 2.5], [1.0, 2.5]),
        ([True, False], [True, False]),
        (["1", "b"], ["1", "b"]),
        (("a", "b"), ["a", "b"]),
        (_configuration("int"), 5),
        (_configuration("float"), 5.0),
        (_configuration("bool"), True),
        (_configuration("text"), "hello"),
        (_configuration("list"), [1, 2]),
        (_configuration("empty"), ""),
        (_configuration("quoted"), "5"),
        ([_configuration("int"), "1"], 51),
        ([_configuration("text"), "/", _configuration("int")], "hello/5"),
        ([[_configuration("text")], ["a", _configuration("int")]], ["hello", "a5"]),
        ([[_configuration("int")], [_configuration("int")]], [5, 5]),
        (ParameterValue(_configuration("int"), value_type=str), "5"),
        (ParameterValue(_configuration("int"), value_type=float), 5.0),
        (ParameterValue([_configuration("int"), ".5"], value_type=float), 5.5),
        (ParameterValue(_configuration("list"), value_type=List[int]), [1, 2]),
        (ParameterValue(_configuration("colon"), value_type=str), "a: b"),
        (ParameterValue(_configuration("bool")), True),
        (ParameterValue("5", value_type=str), "5"),
    ],
)
def test_value_and_type(context, value, expected):
    evaluated = _evaluate(context, value)
    assert evaluated == expected
    assert type(evaluated) is type(expected)
    if isinstance(expected, list):
        assert [type(item) for item in evaluated] == [type(item) for item in expected]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Expected a non-empty sequence, with items of uniform type"),
        ([1, "a"], "Expected a non-empty sequence, with items of uniform type"),
        (_configuration("mixed"), 'Got .* for "p"'),
        (_configuration("map"), "Allowed value types are bytes, bool, int, float, str"),
        (_configuration("none"), "try wrapping it in"),
        (_configuration("broken"), "Unable to parse the value of parameter p as yaml"),
        (None, "Unexpected type for parameter value None"),
        (object(), "Unexpected type for parameter value"),
        ([None], "subvalue"),
    ],
)
def test_value_that_no_parameter_can_have(context, value, message):
    with pytest.raises(TypeError, match=message):
        _evaluate(context, value)


def test_value_that_is_not_of_the_stated_type(context):
    with pytest.raises(ValueError, match=r"could not convert|invalid literal"):
        ParameterValue(_configuration("text"), value_type=float).evaluate(context)
    with pytest.raises(TypeError, match="is not an instance of"):
        ParameterValue("5", value_type=int)


def test_names_may_be_substitutions_and_nested(context):
    parameters = {
        _configuration("text"): {"b": {("c", _configuration("int")): 1}},
        (TextSubstitution(text="x"), "y"): 2,
    }
    evaluated = evaluate_parameter_dict(context, normalize_parameter_dict(parameters))
    assert evaluated == {"hello.b.c5": 1, "xy": 2}


def test_elements_of_the_list(context):
    elements = normalize_parameters(["/a.yaml", Path("/b.yaml"), [_configuration("text"), ".yaml"], {"p": 1}])
    evaluated = evaluate_parameters(context, elements)
    assert evaluated == (Path("/a.yaml"), Path("/b.yaml"), Path("hello.yaml"), {"p": 1})


@pytest.mark.parametrize("parameters", ["x.yaml", {"a": 1}, 5])
def test_anything_but_a_list_is_refused(parameters):
    with pytest.raises(TypeError, match="Expecting list of parameters"):
        normalize_parameters(parameters)


def test_substitutions_inside_a_file_need_an_installed_ros():
    with pytest.raises(ImportError, match=r"allow_substs=.*needs an installed ROS 2"):
        ParameterFile("/a.yaml", allow_substs=True)
