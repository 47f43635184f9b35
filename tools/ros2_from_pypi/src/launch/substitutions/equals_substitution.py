"""Whether two texts mean the same."""

from __future__ import annotations

import math
from typing import Any

from ..launch_context import LaunchContext
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import is_substitution

_TRUE = ("true", "1")
_FALSE = ("false", "0")


def _to_substitutions(value: Any) -> list[Substitution]:
    if is_substitution(value):
        return normalize_to_list_of_substitutions(value)
    if value is None:
        return normalize_to_list_of_substitutions("")
    text = str(value)
    return normalize_to_list_of_substitutions(text.lower() if isinstance(value, bool) else text)


def _to_float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _equal(left: str, right: str) -> bool:
    if left.lower() in _TRUE + _FALSE and right.lower() in _TRUE + _FALSE:
        return (left.lower() in _TRUE) == (right.lower() in _TRUE)
    left_number, right_number = _to_float(left), _to_float(right)
    if left_number is not None and right_number is not None:
        return math.isclose(left_number, right_number)
    return left == right


class EqualsSubstitution(Substitution):
    """Compares as booleans, else as numbers, else as texts."""

    def __init__(self, left: Any, right: Any) -> None:
        self._left = _to_substitutions(left)
        self._right = _to_substitutions(right)

    @property
    def left(self) -> list[Substitution]:
        """The first text."""
        return self._left

    @property
    def right(self) -> list[Substitution]:
        """The second text."""
        return self._right

    def describe(self) -> str:
        """Return what is compared."""
        left = " + ".join(sub.describe() for sub in self._left)
        right = " + ".join(sub.describe() for sub in self._right)
        return f"{type(self).__name__}({left} {right})"

    def _holds(self, context: LaunchContext) -> bool:
        return _equal(perform_substitutions(context, self._left), perform_substitutions(context, self._right))

    def perform(self, context: LaunchContext) -> str:
        """Return `true` or `false`."""
        return str(self._holds(context)).lower()
