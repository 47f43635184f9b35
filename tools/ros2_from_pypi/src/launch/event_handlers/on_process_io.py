"""A process has written or is written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..events.process import ProcessIO
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from ._on_process_event import check_target, matches_target

_Function = Callable[[ProcessIO], SomeEntitiesType | None]


class OnProcessIO(BaseEventHandler):
    """Hands `ProcessIO` events to functions of the event, one for each stream.

    Args:
        target_action: an action, a function on actions, or None for all.
        on_stdin: called for bytes to standard input.
        on_stdout: called for bytes from standard output.
        on_stderr: called for bytes from standard error.
        handle_once: unregister after the first event.
    """

    def __init__(
        self,
        *,
        target_action: Any = None,
        on_stdin: _Function | None = None,
        on_stdout: _Function | None = None,
        on_stderr: _Function | None = None,
        handle_once: bool = False,
    ) -> None:
        check_target(type(self).__name__, target_action)
        super().__init__(
            matcher=lambda event: (
                isinstance(event, ProcessIO) and matches_target(target_action, event.action)
            ),
            handle_once=handle_once,
        )
        self._functions = {"in": on_stdin, "out": on_stdout, "err": on_stderr}

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return what the stream's function returns."""
        super().handle(event, context)
        if not isinstance(event, ProcessIO):
            return None
        stream = "out" if event.from_stdout else "err" if event.from_stderr else "in"
        function = self._functions[stream]
        return None if function is None else function(event)
