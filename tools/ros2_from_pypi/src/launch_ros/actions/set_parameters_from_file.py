"""A file of parameters for the nodes that follow."""

from __future__ import annotations

from typing import Any

from launch.action import Action
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class SetParametersFromFile(Action):
    """Hands a file of parameters to all nodes that follow, to the end of the scoped group."""

    def __init__(self, filename: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._filename = normalize_to_list_of_substitutions(filename)

    def execute(self, context: LaunchContext) -> None:
        """Add it to the parameters of the scope."""
        previous = context.launch_configurations.get("global_params", [])
        path = perform_substitutions(context, self._filename)
        context.launch_configurations["global_params"] = [*previous, path]
