"""Including other launch files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..launch_description import LaunchDescription
from ..launch_description_entity import LaunchDescriptionEntity
from ..launch_description_source import LaunchDescriptionSource
from ..launch_description_sources import AnyLaunchDescriptionSource
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .set_launch_configuration import SetLaunchConfiguration

_Arguments = Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]]


class IncludeLaunchDescription(Action):
    """Visits the entities of another launch description.

    Args:
        launch_description_source: the source, or a launch file's path.
        launch_arguments: pairs of name and value; they stay set after the include, as in the original.
        kwargs: arguments of `Action`.
    """

    def __init__(
        self,
        launch_description_source: LaunchDescriptionSource | SomeSubstitutionsType,
        *,
        launch_arguments: _Arguments | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(launch_description_source, LaunchDescriptionSource):
            launch_description_source = AnyLaunchDescriptionSource(launch_description_source)
        self._source = launch_description_source
        self._arguments = () if launch_arguments is None else tuple(launch_arguments)

    @property
    def launch_description_source(self) -> LaunchDescriptionSource:
        """The source."""
        return self._source

    @property
    def launch_arguments(self) -> Sequence[tuple[SomeSubstitutionsType, SomeSubstitutionsType]]:
        """The arguments given."""
        return self._arguments

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the included launch description where it can be loaded without launching."""
        description = self._source.try_get_launch_description_without_context()
        return [] if description is None else [description]

    def argument_names(self, context: LaunchContext) -> list[str]:
        """Return the names of the arguments given."""
        normalize = normalize_to_list_of_substitutions
        return [perform_substitutions(context, normalize(name)) for name, _ in self._arguments]

    def _check_required_arguments(self, context: LaunchContext, description: LaunchDescription) -> None:
        given = self.argument_names(context)
        pairs = description.get_launch_arguments_with_include_launch_description_actions()
        for argument, includes in pairs:
            if argument._conditionally_included or argument.default_value is not None:
                continue
            names = given + [name for include in includes for name in include.argument_names(context)]
            if argument.name not in names:
                raise RuntimeError(
                    f"Included launch description missing required argument '{argument.name}' "
                    f"(description: '{argument.description}'), given: [{', '.join(names)}]"
                )

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Load the description, check its required arguments and return what to visit.

        Raises:
            RuntimeError: a required argument is missing.
        """
        description = self._source.get_launch_description(context)
        location = Path(self._source.location)
        directory = str(location.absolute().parent) if location.exists() else self._source.location
        context.extend_locals(
            {
                "current_launch_file_path": str(location.absolute()),
                "current_launch_file_directory": directory,
            }
        )
        self._check_required_arguments(context, description)
        return [*(SetLaunchConfiguration(name, value) for name, value in self._arguments), description]
