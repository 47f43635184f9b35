"""Actions that share a scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from .scope_actions import (
    PopEnvironment,
    PopLaunchConfigurations,
    PushEnvironment,
    PushLaunchConfigurations,
    ResetEnvironment,
    ResetLaunchConfigurations,
)
from .set_launch_configuration import SetLaunchConfiguration


class GroupAction(Action):
    """Leads to other actions.

    Args:
        actions: the actions.
        scoped: whether their changes of launch configurations and environment end with the group.
        forwarding: whether a scoped group sees what is set outside.
        launch_configurations: values to set in the group.
        left_over_kwargs: arguments of `Action`.
    """

    def __init__(
        self,
        actions: Iterable[LaunchDescriptionEntity],
        *,
        scoped: bool = True,
        forwarding: bool = True,
        launch_configurations: Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None = None,
        **left_over_kwargs: Any,
    ) -> None:
        super().__init__(**left_over_kwargs)
        self._actions = list(actions)
        self._scoped = scoped
        self._forwarding = forwarding
        self._configurations = dict(launch_configurations or {})
        self._all: list[LaunchDescriptionEntity] | None = None

    def _build(self) -> list[LaunchDescriptionEntity]:
        setters = [SetLaunchConfiguration(name, value) for name, value in self._configurations.items()]
        if not self._scoped:
            return [*setters, *self._actions]
        opening: list[LaunchDescriptionEntity] = [PushLaunchConfigurations(), PushEnvironment()]
        if self._forwarding:
            opening.extend(setters)
        else:
            opening.extend([ResetEnvironment(), ResetLaunchConfigurations(self._configurations)])
        return [*opening, *self._actions, PopEnvironment(), PopLaunchConfigurations()]

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the actions between those that open and close the scope."""
        if self._all is None:
            self._all = self._build()
        return self._all

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return the actions between those that open and close the scope."""
        del context
        return self.get_sub_entities()
