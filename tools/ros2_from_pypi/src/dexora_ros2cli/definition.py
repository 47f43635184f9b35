"""Interface definitions as text: lines, comments, and the types that a line names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dexora_ros2cli.types import definition_path

INTEGERS = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
PRIMITIVES = INTEGERS | {"bool", "byte", "char", "float32", "float64", "string", "wstring"}
_TYPE = re.compile(r"^(?P<type>[A-Za-z][\w/]*)(?:<=\d+)?(?:\[[^\]]*\])?$")
SEPARATOR = "---"


def without_comment(line: str) -> str:
    """Return the line without its comment; a `#` inside quotes is text."""
    quote = ""
    for position, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return line[:position].rstrip()
    return line.rstrip()


def nested_type(line: str, package: str) -> str | None:
    """Return the message type that a line's field has, as `package/msg/Name`, or None for anything else.

    Args:
        line: one line of a definition.
        package: the package whose definition it is; its own types need no package name.
    """
    words = without_comment(line).split(maxsplit=2)
    match = _TYPE.match(words[0]) if len(words) >= 2 else None
    if match is None or match["type"] in PRIMITIVES or "=" in words[1]:
        return None
    parts = match["type"].split("/")
    return f"{parts[0] if len(parts) > 1 else package}/msg/{parts[-1]}"


def expand(name: str, *, outer_comments: bool, inner_comments: bool, depth: int = 0) -> Iterator[str]:
    """Yield the lines of a definition, each followed by the indented definition of its type.

    Args:
        name: `package/kind/Name`.
        outer_comments: keep comments and blank lines of this definition.
        inner_comments: keep those of the definitions inside it.
        depth: number of tabs in front.

    Raises:
        CliError: a definition cannot be found.
    """
    package = name.split("/", maxsplit=1)[0]
    for raw in definition_path(name).read_text(encoding="utf-8").splitlines():
        line = raw.rstrip() if outer_comments else without_comment(raw)
        if line or outer_comments:
            yield f"{chr(9) * depth}{line}" if line else ""
        inner = nested_type(raw, package)
        if inner is not None:
            yield from expand(
                inner, outer_comments=inner_comments, inner_comments=inner_comments, depth=depth + 1
            )
