"""Ending a process: SIGINT, then SIGTERM, then SIGKILL."""

from __future__ import annotations

import logging
import signal

from ._child_process import ChildProcess


def _seconds(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}; give a number of seconds") from error


class ShutdownLadder:
    """Escalates while a process does not end.

    Args:
        logger: the process's logger.
        name: the process's name.
        sigterm_timeout: seconds, as a text, from SIGINT to SIGTERM.
        sigkill_timeout: seconds, as a text, from SIGTERM to SIGKILL.

    Raises:
        ValueError: a timeout is no number.
    """

    def __init__(self, logger: logging.Logger, name: str, sigterm_timeout: str, sigkill_timeout: str) -> None:
        self._logger = logger
        self._name = name
        self._sigterm_timeout = sigterm_timeout
        self._sigkill_timeout = sigkill_timeout
        self._sigterm_timeout_s = _seconds("sigterm_timeout", sigterm_timeout)
        self._sigkill_timeout_s = _seconds("sigkill_timeout", sigkill_timeout)

    def send(self, process: ChildProcess, number: signal.Signals) -> None:
        """Send one signal and log it."""
        self._logger.info("sending signal '%s' to process[%s]", number.name, self._name)
        process.send_signal(number)

    def _log_escalation(self, waited: str, sent: signal.Signals, following: signal.Signals) -> None:
        self._logger.error(
            "process[%s] failed to terminate '%s' seconds after receiving '%s', escalating to '%s'",
            self._name,
            waited,
            sent.name,
            following.name,
        )

    async def descend(self, process: ChildProcess, *, send_sigint: bool) -> None:
        """End the process; without `send_sigint` the terminal has sent that signal already."""
        if send_sigint:
            self.send(process, signal.SIGINT)
        if await process.ends_within(self._sigterm_timeout_s):
            return
        self._log_escalation(self._sigterm_timeout, signal.SIGINT, signal.SIGTERM)
        self.send(process, signal.SIGTERM)
        if await process.ends_within(self._sigkill_timeout_s):
            return
        # The original counts from the SIGINT, and says so in these words.
        waited = str(self._sigterm_timeout_s + self._sigkill_timeout_s)
        self._log_escalation(waited, signal.SIGTERM, signal.SIGKILL)
        self.send(process, signal.SIGKILL)
