"""A value of the context's locals."""

from __future__ import annotations

from typing import Any

from ..launch_context import LaunchContext
from ..substitution import Substitution


class LocalSubstitution(Substitution):
    """An attribute path such as `event.reason` into the context's locals."""

    def __init__(self, expression: str, description: str | None = None) -> None:
        self._expression = expression
        self._description = description

    @property
    def expression(self) -> str:
        """The attribute path."""
        return self._expression

    def describe(self) -> str:
        """Return the description, else the attribute path."""
        return f"LocalVar('{self._description or self._expression}')"

    def perform(self, context: LaunchContext) -> Any:
        """Return the value that the path leads to."""
        value: Any = context.locals
        for name in self._expression.split("."):
            value = getattr(value, name)
        return value
