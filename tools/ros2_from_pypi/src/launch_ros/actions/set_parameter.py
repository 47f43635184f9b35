"""A parameter for the nodes that follow."""

from __future__ import annotations

from typing import Any

from launch.action import Action
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions

from ..utilities.evaluate_parameters import evaluate_parameter_dict
from ..utilities.normalize_parameters import normalize_parameter_dict


class SetParameter(Action):
    """Sets a parameter of all nodes that follow, to the end of the scoped group."""

    def __init__(self, name: SomeSubstitutionsType, value: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._parameters = normalize_parameter_dict({tuple(normalize_to_list_of_substitutions(name)): value})

    @property
    def name(self) -> Any:
        """The parameter's name."""
        return next(iter(self._parameters))

    @property
    def value(self) -> Any:
        """The parameter's value."""
        return next(iter(self._parameters.values()))

    def execute(self, context: LaunchContext) -> None:
        """Add it to the parameters of the scope."""
        evaluated = evaluate_parameter_dict(context, self._parameters)
        previous = context.launch_configurations.get("global_params", [])
        context.launch_configurations["global_params"] = [*previous, *evaluated.items()]
