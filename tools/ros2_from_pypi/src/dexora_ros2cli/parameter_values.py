"""Parameter values: their words, their types, and the YAML of a parameter file."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import ParameterType, ParameterValue

# What `ros2 param get` says before a value, and the name of the type in lists and descriptions.
LABELS = {
    ParameterType.PARAMETER_BOOL: ("Boolean value is:", "boolean"),
    ParameterType.PARAMETER_INTEGER: ("Integer value is:", "integer"),
    ParameterType.PARAMETER_DOUBLE: ("Double value is:", "double"),
    ParameterType.PARAMETER_STRING: ("String value is:", "string"),
    ParameterType.PARAMETER_BYTE_ARRAY: ("Byte values are:", "byte array"),
    ParameterType.PARAMETER_BOOL_ARRAY: ("Boolean values are:", "boolean array"),
    ParameterType.PARAMETER_INTEGER_ARRAY: ("Integer values are:", "integer array"),
    ParameterType.PARAMETER_DOUBLE_ARRAY: ("Double values are:", "double array"),
    ParameterType.PARAMETER_STRING_ARRAY: ("String values are:", "string array"),
    ParameterType.PARAMETER_NOT_SET: ("Parameter not set.", "not set"),
}

_FIELDS = {
    ParameterType.PARAMETER_BOOL: "bool_value",
    ParameterType.PARAMETER_INTEGER: "integer_value",
    ParameterType.PARAMETER_DOUBLE: "double_value",
    ParameterType.PARAMETER_STRING: "string_value",
    ParameterType.PARAMETER_BYTE_ARRAY: "byte_array_value",
    ParameterType.PARAMETER_BOOL_ARRAY: "bool_array_value",
    ParameterType.PARAMETER_INTEGER_ARRAY: "integer_array_value",
    ParameterType.PARAMETER_DOUBLE_ARRAY: "double_array_value",
    ParameterType.PARAMETER_STRING_ARRAY: "string_array_value",
}


def type_name(kind: int) -> str:
    """Return the word for a parameter type."""
    return LABELS.get(kind, ("", f"unknown type {kind}"))[1]


def raw_value(value: ParameterValue) -> Any:
    """Return what the message holds, arrays as the message has them; None when it is not set."""
    field = _FIELDS.get(value.type)
    return getattr(value, field) if field else None


def plain_value(value: ParameterValue) -> Any:
    """Return the value as a scalar, text or list."""
    found = raw_value(value)
    if value.type == ParameterType.PARAMETER_BYTE_ARRAY:
        return [byte[0] for byte in found]
    return list(found) if hasattr(found, "__iter__") and not isinstance(found, str) else found


def nest(flat: dict[str, Any]) -> dict[str, Any]:
    """Turn dotted names into nested dictionaries, as parameter files have them."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, leaf = name.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[leaf] = value
    return tree
