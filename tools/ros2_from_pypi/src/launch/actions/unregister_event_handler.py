"""Removing an event handler."""

from __future__ import annotations

from typing import Any

from ..action import Action
from ..event_handler import BaseEventHandler
from ..launch_context import LaunchContext


class UnregisterEventHandler(Action):
    """Unregisters an event handler."""

    def __init__(self, event_handler: BaseEventHandler, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._event_handler = event_handler

    @property
    def event_handler(self) -> BaseEventHandler:
        """The event handler."""
        return self._event_handler

    def execute(self, context: LaunchContext) -> None:
        """Unregister it.

        Raises:
            ValueError: it is not registered.
        """
        context.unregister_event_handler(self._event_handler)
