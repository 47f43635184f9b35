"""Frozen dataclasses to plain data and back: what goes into a file comes back equal or is refused."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from dexora_core.errors import ConfigError

Record = TypeVar("Record")


def to_dict(record: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as plain data: tuples become lists, records mappings."""
    return {field.name: _plain(getattr(record, field.name)) for field in dataclasses.fields(record)}


def from_dict(kind: type[Record], data: Any, where: str = "") -> Record:
    """Build a dataclass from plain data.

    Args:
        kind: The dataclass; fields may be int, float, str, bool, records, `X | None`, tuples of one kind.
        data: What `to_dict` gave, or what a file held.
        where: Place of `data`, for messages; the class's name by default.

    Errors:
        ConfigError: not a mapping, an unknown key, a missing one, or a value of another kind.
    """
    place = where or kind.__name__
    if not isinstance(data, Mapping):
        raise ConfigError(f"{place} is {data!r}; it must be a mapping")
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(str(key) for key in data if key not in fields)
    if unknown:
        raise ConfigError(f"{place}: unknown key {', '.join(unknown)}; allowed keys are {', '.join(fields)}")
    missing = [name for name, field in fields.items() if name not in data and _is_required(field)]
    if missing:
        raise ConfigError(f"{place}: missing {', '.join(missing)}; give a value for each")
    hints = typing.get_type_hints(kind)
    return kind(
        **{name: _value(hints[name], data[name], f"{place}.{name}") for name in fields if name in data}
    )


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _value(hint: Any, value: Any, where: str) -> Any:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return None if value is None else _value(kinds[0], value, where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where} is {value!r}; it must be a list")
        return tuple(_value(typing.get_args(hint)[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if dataclasses.is_dataclass(hint):
        return from_dict(typing.cast(type, hint), value, where)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ConfigError(f"{where} is {value!r}; it must be of kind {getattr(hint, '__name__', hint)}")
    return value
