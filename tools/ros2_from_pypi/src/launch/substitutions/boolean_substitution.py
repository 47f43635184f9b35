"""Logic on texts that mean true or false."""

from __future__ import annotations

from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions
from ..utilities.type_utils import perform_typed_substitution
from .substitution_failure import SubstitutionFailure


def perform_boolean(context: LaunchContext, value: list[Substitution]) -> bool:
    """Return whether the performed text means true, by YAML's rules.

    Raises:
        SubstitutionFailure: it means neither true nor false.
    """
    try:
        return bool(perform_typed_substitution(context, value, bool))
    except (TypeError, ValueError) as error:
        raise SubstitutionFailure(str(error)) from error


class NotSubstitution(Substitution):
    """The opposite of a text that means true or false."""

    def __init__(self, value: SomeSubstitutionsType) -> None:
        self._value = normalize_to_list_of_substitutions(value)

    @property
    def value(self) -> list[Substitution]:
        """The text to negate."""
        return self._value

    def describe(self) -> str:
        """Return what is negated."""
        return f"NotSubstitution({' + '.join(sub.describe() for sub in self._value)})"

    def perform(self, context: LaunchContext) -> str:
        """Return `true` or `false`."""
        return str(not perform_boolean(context, self._value)).lower()


class _Several(Substitution):
    def __init__(self, *args: SomeSubstitutionsType) -> None:
        self._args = [normalize_to_list_of_substitutions(arg) for arg in args]

    @property
    def args(self) -> list[list[Substitution]]:
        """The texts that are combined."""
        return self._args

    def describe(self) -> str:
        """Return what is combined."""
        listed = " ".join(" + ".join(sub.describe() for sub in arg) for arg in self._args)
        return f"{type(self).__name__}({listed})"

    def _values(self, context: LaunchContext) -> list[bool]:
        return [perform_boolean(context, arg) for arg in self._args]


class AnySubstitution(_Several):
    """Whether at least one of the texts means true."""

    def perform(self, context: LaunchContext) -> str:
        """Return `true` or `false`."""
        return str(any(self._values(context))).lower()


class AllSubstitution(_Several):
    """Whether all texts mean true."""

    def perform(self, context: LaunchContext) -> str:
        """Return `true` or `false`."""
        return str(all(self._values(context))).lower()


class AndSubstitution(AllSubstitution):
    """Whether both texts mean true."""

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        super().__init__(left, right)

    @property
    def left(self) -> list[Substitution]:
        """The first text."""
        return self._args[0]

    @property
    def right(self) -> list[Substitution]:
        """The second text."""
        return self._args[1]


class OrSubstitution(AnySubstitution):
    """Whether at least one of two texts means true."""

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        super().__init__(left, right)

    @property
    def left(self) -> list[Substitution]:
        """The first text."""
        return self._args[0]

    @property
    def right(self) -> list[Substitution]:
        """The second text."""
        return self._args[1]
