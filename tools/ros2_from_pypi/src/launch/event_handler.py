"""Event handlers: which events they match and what they lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._subset import Checked
from .event import Event
from .some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class BaseEventHandler(Checked):
    """Matches events; subclasses decide what handling one leads to."""

    def __init__(self, *, matcher: Callable[[Event], bool], handle_once: bool = False) -> None:
        self._matcher = matcher
        self._handle_once = handle_once

    @property
    def handle_once(self) -> bool:
        """Whether the handler unregisters itself when it has handled one event."""
        return self._handle_once

    def matches(self, event: Event) -> bool:
        """Return whether the handler wants the event."""
        return self._matcher(event)

    def describe(self) -> tuple[str, list[Any]]:
        """Return a text and the entities that handling may lead to."""
        return f"{type(self).__name__}(handle_once={self._handle_once})", []

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Make the event known as `context.locals.event`; subclasses call this first."""
        context.extend_locals({"event": event})
        if self._handle_once:
            context.unregister_event_handler(self)
        return None


class EventHandler(BaseEventHandler):
    """Leads to the same entities whenever its matcher accepts an event."""

    def __init__(
        self,
        *,
        matcher: Callable[[Event], bool],
        entities: SomeEntitiesType | None = None,
        handle_once: bool = False,
    ) -> None:
        super().__init__(matcher=matcher, handle_once=handle_once)
        self._entities = entities

    @property
    def entities(self) -> SomeEntitiesType | None:
        """The entities."""
        return self._entities

    def describe(self) -> tuple[str, list[Any]]:
        """Return a text and the entities."""
        text, _ = super().describe()
        if self._entities is None:
            return text, []
        return text, list(self._entities) if hasattr(self._entities, "__iter__") else [self._entities]

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities."""
        super().handle(event, context)
        return self._entities
