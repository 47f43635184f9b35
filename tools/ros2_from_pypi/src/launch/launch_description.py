"""What is to be launched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from . import logging as launch_logging
from .action import Action
from .launch_description_entity import LaunchDescriptionEntity

if TYPE_CHECKING:
    from .actions import DeclareLaunchArgument, IncludeLaunchDescription
    from .launch_context import LaunchContext

    Found = tuple[DeclareLaunchArgument, list[IncludeLaunchDescription], bool]


class LaunchDescription(LaunchDescriptionEntity):
    """A list of entities, visited in order."""

    def __init__(
        self,
        initial_entities: Iterable[LaunchDescriptionEntity] | None = None,
        *,
        deprecated_reason: str | None = None,
    ) -> None:
        self._entities = list(initial_entities) if initial_entities is not None else []
        self._deprecated_reason = deprecated_reason

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return the entities; warn if the description is deprecated."""
        if self._deprecated_reason is not None:
            path = context.get_locals_as_dict().get("current_launch_file_path")
            subject = f"launch file [{path}] is deprecated" if path else "deprecated launch description"
            launch_logging.get_logger("launch").warning("%s: %s", subject, self._deprecated_reason)
        return self._entities

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities."""
        return self._entities

    def get_launch_arguments(self, conditional_inclusion: bool = False) -> list[DeclareLaunchArgument]:
        """Return the declared launch arguments, those of included files too, each name once.

        An argument whose declaration depends on a condition has `_conditionally_included` set.
        """
        pairs = self.get_launch_arguments_with_include_launch_description_actions(conditional_inclusion)
        return [argument for argument, _ in pairs]

    def get_launch_arguments_with_include_launch_description_actions(
        self, conditional_inclusion: bool = False
    ) -> list[tuple[DeclareLaunchArgument, list[IncludeLaunchDescription]]]:
        """Return the declared launch arguments with the includes that lead to each of them."""
        arguments: dict[str, tuple[DeclareLaunchArgument, list[IncludeLaunchDescription]]] = {}
        for argument, includes, conditional in _walk(self._entities, conditional_inclusion, []):
            if argument.name not in arguments:
                argument._conditionally_included = conditional or argument.condition is not None
                arguments[argument.name] = (argument, includes)
        return list(arguments.values())

    @property
    def entities(self) -> list[LaunchDescriptionEntity]:
        """The entities."""
        return self._entities

    def add_entity(self, entity: LaunchDescriptionEntity) -> None:
        """Append an entity."""
        self._entities.append(entity)

    def add_action(self, action: Action) -> None:
        """Append an action."""
        self.add_entity(action)

    @property
    def deprecated(self) -> bool:
        """Whether the description is deprecated."""
        return self._deprecated_reason is not None

    @property
    def deprecated_reason(self) -> str | None:
        """Why it is deprecated, or None."""
        return self._deprecated_reason


def _walk(
    entities: Iterable[LaunchDescriptionEntity],
    conditional: bool,
    includes: list[IncludeLaunchDescription],
) -> Iterator[Found]:
    """Yield every declared argument that can be seen without launching."""
    # The actions import this module.
    from .actions import (  # noqa: PLC0415
        DeclareLaunchArgument,
        IncludeLaunchDescription,
        ResetLaunchConfigurations,
    )

    for entity in entities:
        if isinstance(entity, DeclareLaunchArgument):
            yield entity, includes, conditional
        if isinstance(entity, ResetLaunchConfigurations):
            return  # what follows cannot be set from outside
        nested = [*includes, entity] if isinstance(entity, IncludeLaunchDescription) else includes
        yield from _walk(entity.describe_sub_entities(), conditional, nested)
        for _, sub_entities in entity.describe_conditional_sub_entities():
            yield from _walk(sub_entities, True, nested)
