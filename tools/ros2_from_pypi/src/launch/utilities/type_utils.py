"""Texts that must become values of a type, by YAML's rules."""

# ruff: noqa: UP006, UP035  the original knows typing.List only
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, List

import yaml

from ..substitution import Substitution
from . import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

_SCALARS = (int, float, bool, str)
_LISTS: dict[Any, type] = {List[int]: int, List[float]: float, List[bool]: bool, List[str]: str}


def extract_type(data_type: Any) -> tuple[type, bool]:
    """Split `int` into (int, False) and `typing.List[int]` into (int, True).

    Raises:
        ValueError: it is neither int, float, bool, str nor `typing.List` of one of them; `list[int]` is
            refused, as by the original.
    """
    if data_type in _LISTS:
        return _LISTS[data_type], True
    if data_type not in _SCALARS:
        raise ValueError(f"Unrecognized data type: {data_type}")
    return data_type, False


def is_substitution(value: Any) -> bool:
    """Return whether `value` is a substitution or texts and substitutions with at least one of these."""
    if isinstance(value, Substitution):
        return True
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return False
    items = list(value)
    return all(isinstance(item, (Substitution, str)) for item in items) and any(
        isinstance(item, Substitution) for item in items
    )


def _is_allowed(value: Any) -> bool:
    if isinstance(value, list):
        return len({type(item) for item in value}) <= 1 and all(isinstance(i, _SCALARS) for i in value)
    return isinstance(value, _SCALARS)


def _load_yaml(value: str, problem: str) -> Any:
    try:
        loaded = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ValueError(f"{problem}: yaml.safe_load() failed\n{error}") from error
    if not _is_allowed(loaded):
        raise ValueError(f"{problem}: output type is not allowed, got {type(loaded)}")
    return loaded


def _coerce_to_list(value: str, scalar: type) -> list[Any]:
    problem = f"Cannot convert value '{value}' to a list of '{scalar}'"
    loaded = _load_yaml(value, problem)
    if not isinstance(loaded, list) or not all(isinstance(item, scalar) for item in loaded):
        raise ValueError(f"{problem}, got {loaded}")
    return loaded


def coerce_to_type(value: str, data_type: Any = None) -> Any:
    """Turn a text into a value of `data_type`; None means whatever YAML makes of it.

    Raises:
        ValueError: the text is no value of that type.
    """
    if data_type is None:
        return _load_yaml(value, f"Failed to convert '{value}' using yaml rules")
    scalar, is_list = extract_type(data_type)
    if is_list:
        return _coerce_to_list(value, scalar)
    if scalar is not bool:
        return scalar(value)
    loaded = _load_yaml(value, f"Failed to convert '{value}' to '{bool}'")
    if not isinstance(loaded, bool):
        raise ValueError(f"Cannot convert value '{value}' to '{bool}'")
    return loaded


def normalize_typed_substitution(value: Any, data_type: Any) -> Any:
    """Return a value of `data_type` as it is, substitutions as a list of them.

    Raises:
        TypeError: it can never become a value of that type.
    """
    if isinstance(value, _SCALARS):
        if data_type is not None and extract_type(data_type)[1]:
            raise TypeError(f"value='{value}' is not an instance of {data_type}")
        if data_type is not None and not isinstance(value, data_type):
            raise TypeError(f"value='{value}' is not an instance of {data_type}")
        return value
    if is_substitution(value):
        return normalize_to_list_of_substitutions(value)
    if not isinstance(value, Iterable):
        raise TypeError(
            "value should be either a scalar, a substitutions, or a mixed list of scalars and "
            f"substitutions. Got `value={value}` of type `{type(value)}`."
        )
    scalar, is_list = (None, True) if data_type is None else extract_type(data_type)
    items = [v if isinstance(v, _SCALARS) else normalize_to_list_of_substitutions(v) for v in value]
    if not is_list or any(scalar and not isinstance(item, (scalar, list)) for item in items):
        raise TypeError(f"value='{value}' is not an instance of {data_type}")
    return items


def _is_performable(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Substitution) for v in value)


def perform_typed_substitution(context: LaunchContext, value: Any, data_type: Any | None) -> Any:
    """Perform what `normalize_typed_substitution` returned and return a value of `data_type`.

    Raises:
        ValueError: the performed text is no value of that type.
    """
    if _is_performable(value):
        return coerce_to_type(perform_substitutions(context, value), data_type)
    if not isinstance(value, list):
        return value
    scalar = None if data_type is None else extract_type(data_type)[0]
    performed = [
        coerce_to_type(perform_substitutions(context, item), scalar) if _is_performable(item) else item
        for item in value
    ]
    if not _is_allowed(performed):
        raise ValueError(f"cannot convert value to {data_type}. Got value=`{performed}`")
    return performed
