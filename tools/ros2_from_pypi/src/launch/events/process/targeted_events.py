"""What is to happen to some processes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...event import Event

if TYPE_CHECKING:
    from ...actions.execute_local import ExecuteLocal


class ProcessTargetedEvent(Event):
    """Asks something of the processes that the matcher accepts."""

    name = "launch.events.process.ProcessTargetedEvent"

    def __init__(self, *, process_matcher: Callable[[ExecuteLocal], bool]) -> None:
        self._process_matcher = process_matcher

    @property
    def process_matcher(self) -> Callable[[ExecuteLocal], bool]:
        """Accepts the actions whose processes are meant."""
        return self._process_matcher


class ShutdownProcess(ProcessTargetedEvent):
    """The processes are to end: SIGINT, then SIGTERM, then SIGKILL."""

    name = "launch.events.process.ShutdownProcess"


class SignalProcess(ProcessTargetedEvent):
    """The processes are to be sent a signal."""

    name = "launch.events.process.SignalProcess"

    def __init__(self, *, signal_number: str | int | signal.Signals, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(signal_number, str):
            self._signal = signal.Signals[signal_number]
        else:
            self._signal = signal.Signals(signal_number)

    @property
    def signal(self) -> signal.Signals:
        """The signal."""
        return self._signal

    @property
    def signal_name(self) -> str:
        """The signal's name, such as `SIGINT`."""
        return self._signal.name
