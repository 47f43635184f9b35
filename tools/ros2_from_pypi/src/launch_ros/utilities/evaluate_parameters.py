"""Performing the substitutions in parameters."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from launch.launch_context import LaunchContext
from launch.substitution import Substitution
from launch.utilities import perform_substitutions

from ..parameter_descriptions import Parameter, ParameterFile, ParameterValue
from .normalize_parameters import NormalizedDict

_SCALARS = (bool, int, float, str, bytes)
_WRAP = (
    "If the parameter is meant to be a string, try wrapping it in "
    "launch_ros.parameter_descriptions.ParameterValue(value, value_type=str)"
)


def _check_uniform(name: str, values: list[Any]) -> list[Any]:
    if not values or len({type(value) for value in values}) > 1 or not isinstance(values[0], _SCALARS[:4]):
        raise TypeError(
            "Expected a non-empty sequence, with items of uniform type. Allowed sequence item types are "
            f'bool, int, float, str. Got {values} for "{name}"'
        )
    return values


def _from_yaml(name: str, text: str) -> Any:
    """Return what YAML makes of a performed text; the empty text stays one."""
    if not text:
        return ""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TypeError(f"Unable to parse the value of parameter {name} as yaml. {_WRAP}") from error
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, list):
        return _check_uniform(name, value)
    raise TypeError(
        "Allowed value types are bytes, bool, int, float, str, Sequence[bool], Sequence[int], "
        f'Sequence[float], Sequence[str]. Got {type(value)} for "{name}". {_WRAP}'
    )


def _evaluate_value(context: LaunchContext, name: str, value: Any) -> Any:
    if isinstance(value, ParameterValue):
        return value.evaluate(context)
    if isinstance(value, list):
        return _from_yaml(name, perform_substitutions(context, value))
    if isinstance(value, tuple):
        items = [
            _from_yaml(name, perform_substitutions(context, item)) if isinstance(item, list) else item
            for item in value
        ]
        return _check_uniform(name, items)
    return value


def evaluate_parameter_dict(context: LaunchContext, parameters: NormalizedDict) -> dict[str, Any]:
    """Return names and values of a normalized mapping.

    Raises:
        TypeError: a value is no scalar and no array of one type of scalar; the text names the parameter.
    """
    evaluated: dict[str, Any] = {}
    for key, value in parameters.items():
        if not isinstance(key, tuple) or not all(isinstance(part, Substitution) for part in key):
            raise TypeError(f"Expecting tuple of substitutions got {key!r}")
        name = perform_substitutions(context, key)
        evaluated[name] = _evaluate_value(context, name, value)
    return evaluated


def evaluate_parameters(
    context: LaunchContext, parameters: Iterable[NormalizedDict | ParameterFile | Parameter]
) -> tuple[dict[str, Any] | Path | Parameter, ...]:
    """Return mappings as name and value, files as paths, and parameters as they are.

    Raises:
        TypeError: a value is no scalar and no array of one type of scalar.
    """
    evaluated: list[dict[str, Any] | Path | Parameter] = []
    for element in parameters:
        if isinstance(element, ParameterFile):
            evaluated.append(element.evaluate(context))
        elif isinstance(element, Parameter):
            evaluated.append(element)
        else:
            evaluated.append(evaluate_parameter_dict(context, element))
    return tuple(evaluated)
