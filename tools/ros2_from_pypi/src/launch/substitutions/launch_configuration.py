"""The value of a launch configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .substitution_failure import SubstitutionFailure


def _normalize_default(default: Any) -> list[Substitution] | None:
    if default is None:
        return None
    items = (
        default
        if isinstance(default, Iterable) and not isinstance(default, (str, Substitution))
        else [default]
    )
    texts = [item if isinstance(item, (str, Substitution)) else str(item) for item in items]
    return normalize_to_list_of_substitutions(texts)


class LaunchConfiguration(Substitution):
    """A launch argument or a configuration that an action set."""

    def __init__(self, variable_name: SomeSubstitutionsType, *, default: Any = None) -> None:
        self._variable_name = normalize_to_list_of_substitutions(variable_name)
        self._default = _normalize_default(default)

    @property
    def variable_name(self) -> list[Substitution]:
        """The configuration's name."""
        return self._variable_name

    def describe(self) -> str:
        """Return the configuration's name."""
        return f"LaunchConfig({' + '.join(sub.describe() for sub in self._variable_name)})"

    def perform(self, context: LaunchContext) -> Any:
        """Return the value.

        Raises:
            SubstitutionFailure: it is not set and there is no default.
        """
        name = perform_substitutions(context, self._variable_name)
        if name in context.launch_configurations:
            return context.launch_configurations[name]
        if self._default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return perform_substitutions(context, self._default)
