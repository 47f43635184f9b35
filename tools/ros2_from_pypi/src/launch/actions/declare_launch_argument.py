"""Arguments of a launch file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import logging as launch_logging
from ..action import Action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


def _fail(message: str, logged: str | None = None) -> None:
    launch_logging.get_logger("launch.actions.declare_launch_argument").error(logged or message)
    raise RuntimeError(message)


def _full_description(description: str | None, choices: Sequence[str] | None) -> str:
    if choices is None:
        return "no description given" if description is None else description
    if description is None:
        return f"One of: {choices}"
    return f"{description}{'' if description.endswith('.') else '.'} Valid choices are: {choices}"


class DeclareLaunchArgument(Action):
    """Declares an argument, which becomes a launch configuration of the same name.

    Args:
        name: the argument's name.
        default_value: its value where none is given; None makes it required.
        description: what it means.
        choices: its valid values; None allows all.
        kwargs: arguments of `Action`.

    Raises:
        RuntimeError: `choices` is empty, or the default is none of them.
    """

    def __init__(
        self,
        name: str,
        *,
        default_value: SomeSubstitutionsType | None = None,
        description: str | None = None,
        choices: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._name = name
        self._default = None if default_value is None else normalize_to_list_of_substitutions(default_value)
        if choices is not None and len(choices) == 0:
            _fail("Provided choices arg is empty. Use None to ignore the choice list.")
        if choices is not None and isinstance(default_value, str) and default_value not in choices:
            _fail(f'Provided default_value "{default_value}" is not in provided choices "{choices}".')
        self._description = _full_description(description, choices)
        self._choices = choices
        self._conditionally_included = False

    @property
    def name(self) -> str:
        """The argument's name."""
        return self._name

    @property
    def default_value(self) -> list[Substitution] | None:
        """Its value where none is given, or None where one is required."""
        return self._default

    @property
    def description(self) -> str:
        """What it means, and its valid values."""
        return self._description

    @property
    def choices(self) -> Sequence[str] | None:
        """Its valid values, or None."""
        return self._choices

    def execute(self, context: LaunchContext) -> None:
        """Set the default where nothing is set, and check the value.

        Raises:
            RuntimeError: a required argument is missing, or the value is none of the choices.
        """
        if self._name not in context.launch_configurations:
            if self._default is None:
                _fail(
                    f'Required launch argument "{self._name}" was not provided.',
                    f'Required launch argument "{self._name}" (description: "{self._description}") '
                    "was not provided",
                )
            context.launch_configurations[self._name] = perform_substitutions(context, self._default or [])
        value = context.launch_configurations[self._name]
        if self._choices is not None and value not in self._choices:
            _fail(
                f'Argument "{self._name}" provided value "{value}" is not valid. Valid options are: '
                f"{self._choices}"
            )
