"""Text to messages: YAML values as the user typed them into the fields of a message."""

from __future__ import annotations

import array
import time
from typing import Any

import numpy as np
import yaml

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.message_out import is_message
from dexora_ros2cli.types import load_type

NOW = "now"
AUTO = "auto"


class _FieldError(Exception):
    """A value does not fit its field; the text names the field."""


def parse_values(text: str) -> dict[str, Any]:
    """Return the dictionary in YAML `text`.

    Raises:
        CliError: it is not valid YAML, or not a dictionary.
    """
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CliError(f"The passed value is not valid YAML: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise CliError("The passed value needs to be a dictionary in YAML format")
    return values


def fill(message: Any, values: dict[str, Any]) -> None:
    """Set the fields of `message` from plain `values`; what is not named keeps its default.

    A header given as `auto` and a time given as `now` take the present time, as in the original.

    Raises:
        CliError: a field does not exist or a value does not fit.
    """
    try:
        _fill(message, values)
    except _FieldError as error:
        raise CliError(f"Failed to populate field: {error}") from error


def _fill(message: Any, values: Any) -> None:
    if not isinstance(values, dict):
        raise _FieldError(f"'{type(message).__name__}' needs a dictionary, got {values!r}")
    if hasattr(message, "_check_fields"):
        message._check_fields = True  # let the setters refuse what does not fit, now and not at publishing
    fields = message.get_fields_and_field_types()
    for name, value in values.items():
        if name not in fields:
            raise _FieldError(
                f"'{type(message).__name__}' object has no attribute '{name}'; it has: {', '.join(fields)}"
            )
        try:
            setattr(message, name, _convert(getattr(message, name), value, fields[name]))
        except (TypeError, ValueError, AssertionError, OverflowError) as error:
            raise _FieldError(f"'{name}' ({fields[name]}) does not take {value!r}: {error}") from error


def _convert(current: Any, value: Any, field_type: str) -> Any:
    if is_message(current):
        return _convert_message(current, value, field_type)
    if isinstance(current, np.ndarray):
        return np.asarray(value, dtype=current.dtype)
    if isinstance(current, array.array):
        return array.array(current.typecode, _numbers(value, current.typecode))
    if isinstance(current, (list, tuple)):
        return _convert_list(value, field_type)
    return _convert_scalar(current, value)


def _convert_scalar(current: Any, value: Any) -> Any:
    if isinstance(current, bytes):
        return bytes([value]) if isinstance(value, int) else bytes(str(value), "latin-1")
    if isinstance(current, bool):
        return _boolean(value)
    if isinstance(current, str) and isinstance(value, (dict, list)):
        raise ValueError("a text is needed; put it in quotes")
    return type(current)(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, (bool, int)):
        raise ValueError("true or false is needed")
    return bool(value)


def _numbers(value: Any, typecode: str) -> list[Any]:
    convert = float if typecode in "fd" else int
    if isinstance(value, (str, bytes)):
        return [convert(byte) for byte in (value.encode() if isinstance(value, str) else value)]
    return [convert(item) for item in value]


def _convert_message(current: Any, value: Any, field_type: str) -> Any:
    if value == NOW and field_type == "builtin_interfaces/Time":
        current.sec, current.nanosec = divmod(time.time_ns(), 1_000_000_000)
    elif value == AUTO and field_type == "std_msgs/Header":
        current.stamp.sec, current.stamp.nanosec = divmod(time.time_ns(), 1_000_000_000)
    else:
        _fill(current, value)
    return current


def _convert_list(value: Any, field_type: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("a list is needed")
    element = field_type.removeprefix("sequence<").split("[")[0].rstrip(">").split(",")[0]
    if "/" in element:
        return [_new_message(element, item) for item in value]
    if element.startswith(("string", "wstring")):
        return [str(item) for item in value]
    if element == "boolean":
        return [_boolean(item) for item in value]
    if element == "octet":
        return [bytes([item]) for item in value]
    return list(value)


def _new_message(type_name: str, values: Any) -> Any:
    message = load_type(type_name, "msg")()
    return _convert_message(message, values, type_name)
