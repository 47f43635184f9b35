"""The launch ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..events import Shutdown
from ..some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class OnShutdown(BaseEventHandler):
    """Handles the shutdown of the launch.

    Args:
        on_shutdown: entities, or a function of event and context that returns entities or None.
        handle_once: unregister after the first event.
    """

    def __init__(self, *, on_shutdown: Any, handle_once: bool = False) -> None:
        super().__init__(matcher=lambda event: isinstance(event, Shutdown), handle_once=handle_once)
        self._on_shutdown: Callable[[Event, LaunchContext], SomeEntitiesType | None] = (
            on_shutdown if callable(on_shutdown) else lambda _event, _context: on_shutdown
        )

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities, or what the function returns."""
        super().handle(event, context)
        return self._on_shutdown(event, context)
