"""One of two texts."""

from __future__ import annotations

from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .boolean_substitution import perform_boolean


class IfElseSubstitution(Substitution):
    """`if_value` where the condition means true, else `else_value`."""

    def __init__(
        self,
        condition: SomeSubstitutionsType,
        if_value: SomeSubstitutionsType = "",
        else_value: SomeSubstitutionsType = "",
    ) -> None:
        if if_value == else_value == "":
            raise RuntimeError("One of if_value and else_value must be specified")
        self._condition = normalize_to_list_of_substitutions(condition)
        self._if_value = normalize_to_list_of_substitutions(if_value)
        self._else_value = normalize_to_list_of_substitutions(else_value)

    @property
    def condition(self) -> list[Substitution]:
        """What decides."""
        return self._condition

    @property
    def if_value(self) -> list[Substitution]:
        """The value where the condition means true."""
        return self._if_value

    @property
    def else_value(self) -> list[Substitution]:
        """The value where the condition means false."""
        return self._else_value

    def describe(self) -> str:
        """Return condition and both values."""
        parts = (self._condition, self._if_value, self._else_value)
        listed = ", ".join(" + ".join(sub.describe() for sub in part) for part in parts)
        return f"IfElseSubstitution({listed})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value that the condition chooses."""
        chosen = self._if_value if perform_boolean(context, self._condition) else self._else_value
        return perform_substitutions(context, chosen)
