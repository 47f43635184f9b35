"""Bringing parameters, in whatever form a launch file gives them, into one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from launch._text import TextSubstitution
from launch.substitution import Substitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions

from ..parameter_descriptions import Parameter, ParameterFile, ParameterValue

# Name and value. A value is a scalar, a list of substitutions (one text, read as YAML), a ParameterValue, or
# a tuple of scalars and lists of substitutions (an array).
NormalizedDict = dict[tuple[Substitution, ...], Any]
_SCALARS = (bool, int, float, str)


def _normalize_array(values: Sequence[Any]) -> Any:
    for value in values:
        ensure_argument_type(value, (*_SCALARS, Substitution, Sequence), "subvalue")
    kinds = {type(value) if isinstance(value, _SCALARS) else Substitution for value in values}
    if kinds == {int, float}:
        return tuple(float(value) for value in values)
    is_flat = all(isinstance(value, (str, Substitution)) for value in values)
    if is_flat and any(isinstance(value, Substitution) for value in values):
        return normalize_to_list_of_substitutions(values)
    return tuple(
        value if isinstance(value, _SCALARS) else normalize_to_list_of_substitutions(value)
        for value in values
    )


def _normalize_value(value: Any) -> Any:
    if isinstance(value, (*_SCALARS, bytes, ParameterValue)):
        return value
    if isinstance(value, Substitution):
        return [value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Sequence):
        return _normalize_array(value)
    raise TypeError(f"Unexpected type for parameter value {value!r}")


def normalize_parameter_dict(
    parameters: Mapping[Any, Any], *, _prefix: Sequence[Substitution] = ()
) -> NormalizedDict:
    """Return names as tuples of substitutions, nested mappings flattened with `.` between the names.

    Raises:
        TypeError: it is no mapping, or a value has a type that no parameter can have.
    """
    if not isinstance(parameters, Mapping):
        raise TypeError("expected dict")
    normalized: NormalizedDict = {}
    for key, value in parameters.items():
        name = normalize_to_list_of_substitutions(key)
        if _prefix:
            name = [*_prefix, TextSubstitution(text="."), *name]
        if isinstance(value, Mapping):
            normalized.update(normalize_parameter_dict(value, _prefix=name))
        else:
            normalized[tuple(name)] = _normalize_value(value)
    return normalized


def normalize_parameters(
    parameters: Sequence[Any],
) -> tuple[NormalizedDict | ParameterFile | Parameter, ...]:
    """Return every element as a normalized mapping, a `ParameterFile` or a `Parameter`.

    Raises:
        TypeError: it is no list, or an element is none of these and no path.
    """
    if isinstance(parameters, str) or not isinstance(parameters, Sequence):
        raise TypeError(f"Expecting list of parameters, got {parameters}")
    normalized: list[NormalizedDict | ParameterFile | Parameter] = []
    for element in parameters:
        if isinstance(element, Mapping):
            normalized.append(normalize_parameter_dict(element))
        elif isinstance(element, (ParameterFile, Parameter)):
            normalized.append(element)
        else:
            normalized.append(ParameterFile(element))
    return tuple(normalized)
