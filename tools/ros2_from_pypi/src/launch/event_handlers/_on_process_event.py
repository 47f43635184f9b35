"""What the handlers of process events share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..action import Action
from ..event import Event
from ..event_handler import BaseEventHandler
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType


def _is_process_action(target: Any) -> bool:
    return isinstance(target, Action) and hasattr(target, "process_description")


def check_target(owner: str, target_action: Any) -> None:
    """Refuse a target that is neither the action of a process nor a function on actions.

    Raises:
        TypeError: it is something else.
    """
    if target_action is not None and not _is_process_action(target_action) and not callable(target_action):
        raise TypeError(f"{owner}: action_matcher must be an 'ExecuteLocal' instance or a callable")


def matches_target(target_action: Any, action: Any) -> bool:
    """Return whether the event of `action` is for a handler with this target; None accepts all."""
    if target_action is None:
        return True
    return action is target_action if _is_process_action(target_action) else bool(target_action(action))


def as_entities(owner: str, value: Any) -> list[LaunchDescriptionEntity]:
    """Return one or several entities as a list.

    Raises:
        TypeError: something in it is no entity.
    """
    entities = list(value) if isinstance(value, Iterable) else [value]
    for entity in entities:
        if not isinstance(entity, LaunchDescriptionEntity):
            raise TypeError(
                f"{owner}: expected all items in 'on_event' iterable to be of type "
                f"'LaunchDescriptionEntity' but got '{type(entity)}'"
            )
    return entities


class OnProcessEvent(BaseEventHandler):
    """Leads to entities, or to what a function returns, when an event of a process matches."""

    def __init__(
        self, *, event_class: type[Event], target_action: Any, on_event: Any, handle_once: bool
    ) -> None:
        owner = type(self).__name__
        check_target(owner, target_action)
        super().__init__(
            matcher=lambda event: (
                isinstance(event, event_class)
                and matches_target(target_action, getattr(event, "action", None))
            ),
            handle_once=handle_once,
        )
        self._function: Callable[[Any, LaunchContext], SomeEntitiesType | None] | None = None
        self._entities: list[LaunchDescriptionEntity] = []
        if callable(on_event):
            self._function = on_event
        elif on_event is not None:
            self._entities = as_entities(owner, on_event)

    def describe(self) -> tuple[str, list[Any]]:
        """Return a text and the entities."""
        return super().describe()[0], list(self._entities)

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities, or what the function returns."""
        super().handle(event, context)
        return self._entities if self._function is None else self._function(event, context)
