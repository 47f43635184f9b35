"""Messages to text: YAML and CSV, shortened as the user wishes."""

from __future__ import annotations

import array
import re
import sys
from typing import Any, NamedTuple

import numpy as np
import yaml

DEFAULT_TRUNCATE_LENGTH = 128

_ARRAY = re.compile(r"^(?P<type>.+)\[(?P<size>\d+)\]$")
_SEQUENCE = re.compile(r"^sequence<(?P<type>.+?)(?:,\s*(?P<limit>\d+))?>$")

# libyaml writes the same text many times faster where it is there.
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Style(NamedTuple):
    """How much of a message is shown.

    Attributes:
        truncate_length: arrays and strings longer than this are cut; None shows everything.
        no_arr: show the type and length of arrays instead of their values.
        no_str: show the length of strings instead of their text.
        flow: YAML on one line.
    """

    truncate_length: int | None = DEFAULT_TRUNCATE_LENGTH
    no_arr: bool = False
    no_str: bool = False
    flow: bool = False


FULL = Style(truncate_length=None)


def is_message(value: object) -> bool:
    """Return whether `value` is an instance of a generated interface class."""
    return hasattr(value, "get_fields_and_field_types")


def to_plain(message: Any, style: Style = FULL) -> dict[str, Any]:
    """Return the message as plain dictionaries, lists and scalars, fields in the order of the definition."""
    return {
        name: _plain(getattr(message, name), field_type, style)
        for name, field_type in message.get_fields_and_field_types().items()
    }


def to_yaml(message: Any, style: Style = FULL) -> str:
    """Return the message as YAML text, ending with a newline."""
    text: str = yaml.dump(
        to_plain(message, style),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=sys.maxsize if _Dumper is yaml.SafeDumper else 2**31 - 1,
        default_flow_style=style.flow,
    )
    return text


def to_csv(message: Any, style: Style = FULL) -> str:
    """Return all fields, also nested ones, as one line of comma-separated values."""
    return _csv(to_plain(message, style))


def _csv(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(_csv(item) for item in value.values())
    if isinstance(value, list):
        return ",".join(_csv(item) for item in value)
    return str(value)


def _plain(value: Any, field_type: str, style: Style) -> Any:
    if is_message(value):
        return to_plain(value, style)
    if isinstance(value, bytes):
        return _shorten("".join(map(chr, value)), style.truncate_length)
    if isinstance(value, str):
        return f"<string length: <{len(value)}>>" if style.no_str else _shorten(value, style.truncate_length)
    if isinstance(value, (list, tuple, array.array, np.ndarray)):
        return array_summary(value, field_type) if style.no_arr else _plain_list(value, field_type, style)
    return value.item() if isinstance(value, np.generic) else value


def _plain_list(value: Any, field_type: str, style: Style) -> list[Any]:
    limit = style.truncate_length
    shown = value if limit is None else value[:limit]
    numbers = shown.tolist() if isinstance(shown, (array.array, np.ndarray)) else None
    items = (
        numbers if numbers is not None else [_plain(item, _element_type(field_type), style) for item in shown]
    )
    return [*items, "..."] if len(shown) < len(value) else items


def _shorten(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[:limit] + "..."


def _element_type(field_type: str) -> str:
    match = _SEQUENCE.match(field_type) or _ARRAY.match(field_type)
    return match["type"] if match else field_type


def array_summary(value: Any, field_type: str) -> str:
    """Return the words that stand for an array with `--no-arr`."""
    if match := _ARRAY.match(field_type):
        return f"<array type: {match['type']}[{match['size']}]>"
    match = _SEQUENCE.match(field_type)
    element = match["type"] if match else field_type
    limit = f"[{match['limit']}]" if match and match["limit"] else ""
    return f"<sequence type: {element}{limit}, length: {len(value)}>"
