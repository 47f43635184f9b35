"""SIGINT, SIGTERM and SIGHUP as a clean stop, without a traceback, also while Python waits inside C++."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

# SIGHUP: the terminal or the remote session was closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Context manager that turns SIGINT and SIGTERM into a flag and a wake-up call.

    Until `defer` is called a signal raises `KeyboardInterrupt`, so that a long start can be cut short. After
    it, a signal sets `is_requested` and calls `wake` on a helper thread: Python runs no signal handler while
    its main thread waits in C++, but the interpreter writes the signal's number to a socket at once.
    A further signal during the way down changes nothing, nor does one after it: once a stop was requested,
    signals stay ignored until the process ends. Main thread only.
    """

    def __init__(self) -> None:
        self.is_requested = False
        self._wake: Callable[[], None] | None = None

    def __enter__(self) -> StopSignals:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        self._thread = threading.Thread(target=self._listen, name="stop_signals", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._old_handlers.items():
            # A stopped process is ending: a second Ctrl-C in its last milliseconds must not show a traceback.
            signal.signal(number, signal.SIG_IGN if self.is_requested else handler)
        signal.set_wakeup_fd(self._old_fd)
        self._writer.close()
        self._thread.join(timeout=1.0)
        self._reader.close()

    def defer(self, wake: Callable[[], None] | None) -> None:
        """From now on a signal does not raise; it sets `is_requested` and calls `wake` on a helper thread."""
        self._wake = wake or _nothing

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        is_first = not self.is_requested
        self.is_requested = True
        if self._wake is None and is_first:
            raise KeyboardInterrupt

    def _listen(self) -> None:
        while numbers := self._reader.recv(64):
            if self._wake is not None and any(number in _SIGNALS for number in numbers):
                self._wake()


def _nothing() -> None:
    """Wake nobody."""
