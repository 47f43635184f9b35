"""Paths into a message: `pose.position.x`, `position[0]`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dexora_ros2cli.errors import CliError

_STEP = re.compile(r"(?P<name>\w+)(?P<indices>(\[-?\d+\])*)$")


def field_reader(path: str) -> Callable[[Any], Any]:
    """Return a function that reads `path` from a message.

    An index past the end of an array that is empty in this message reads as None.

    Raises:
        CliError: the path cannot be parsed; when called, that a field does not exist.
    """
    steps: list[str | int] = []
    for part in path.split("."):
        match = _STEP.match(part)
        if match is None:
            raise CliError(f"Invalid field '{path}': '{part}' is neither a name nor a name with [index]")
        steps.append(match["name"])
        steps += [int(index) for index in re.findall(r"-?\d+", match["indices"])]

    def read(message: Any) -> Any:
        value = message
        for step in steps:
            value = _follow(value, step, path)
        return value

    return read


def _follow(value: Any, step: str | int, path: str) -> Any:
    if value is None:
        return None
    if isinstance(step, int):
        try:
            return value[step]
        except IndexError:
            return None
        except TypeError as error:
            raise CliError(f"Invalid field '{path}': {type(value).__name__} has no index") from error
    if not hasattr(value, step):
        fields: dict[str, str] = getattr(value, "get_fields_and_field_types", dict)()
        raise CliError(
            f"Invalid field '{path}': '{type(value).__name__}' object has no attribute '{step}'; "
            f"it has: {', '.join(fields) or 'no fields'}"
        )
    return getattr(value, step)
