"""A process has ended."""

from __future__ import annotations

from typing import Any

from ..events.process import ProcessExited
from ._on_process_event import OnProcessEvent


class OnProcessExit(OnProcessEvent):
    """Handles `ProcessExited` of one action, of those a function accepts, or of all.

    Args:
        target_action: an action, a function on actions, or None for all.
        on_exit: entities, or a function of event and context that returns entities or None.
        handle_once: unregister after the first event.
    """

    def __init__(self, *, target_action: Any = None, on_exit: Any, handle_once: bool = False) -> None:
        super().__init__(
            event_class=ProcessExited,
            target_action=target_action,
            on_event=on_exit,
            handle_once=handle_once,
        )
