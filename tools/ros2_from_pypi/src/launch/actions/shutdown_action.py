"""Ending the launch."""

from __future__ import annotations

from typing import Any

from .. import logging as launch_logging
from ..events import Shutdown as ShutdownEvent
from ..events.process import ProcessExited
from ..launch_context import LaunchContext
from .emit_event import EmitEvent


class Shutdown(EmitEvent):
    """Ends everything that was launched."""

    def __init__(self, *, reason: str = "reason not given", **kwargs: Any) -> None:
        super().__init__(event=ShutdownEvent(reason=reason), **kwargs)

    def execute(self, context: LaunchContext) -> None:
        """Emit the event; say which required process is the cause, where one is."""
        event = context.get_locals_as_dict().get("event")
        if isinstance(event, ProcessExited):
            launch_logging.get_logger("launch").info(
                "process[%s] was required: shutting down launched system", event.process_name
            )
        super().execute(context)
