"""The life of a process from its first start to its last end."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from ..events import Shutdown
from ..events.process import (
    ProcessExited,
    ProcessStarted,
    ProcessStderr,
    ProcessStdin,
    ProcessStdout,
    ShutdownProcess,
    SignalProcess,
)
from ..launch_context import LaunchContext
from ._child_process import ChildProcess, start_process
from ._line_output import LineOutput
from ._shutdown_ladder import ShutdownLadder


@dataclass(frozen=True)
class RunSettings:
    """How a process is run.

    Attributes:
        is_shell: whether a shell runs the command line.
        is_tty: whether its output goes to pseudo-terminals.
        logs_cmd: whether the command line is logged.
        respawns: whether it is started again when it has ended.
        respawn_delay_s: seconds to wait before.
        max_respawns: how often, negative for ever.
    """

    is_shell: bool
    is_tty: bool
    logs_cmd: bool
    respawns: bool
    respawn_delay_s: float
    max_respawns: int


class ProcessRunner:
    """Starts a process, emits its events, starts it again where wanted, and ends it on request.

    Args:
        context: the launch context.
        details: what every event of the process carries; the process id is added to it.
        settings: how it is run.
        logger: the process's logger.
        outputs: what logs its standard output (1) and standard error (2).
        ladder: how it is ended.
    """

    def __init__(
        self,
        *,
        context: LaunchContext,
        details: dict[str, Any],
        settings: RunSettings,
        logger: logging.Logger,
        outputs: dict[int, LineOutput],
        ladder: ShutdownLadder,
    ) -> None:
        assert context.asyncio_loop is not None
        self._context = context
        self._details = details
        self._settings = settings
        self._logger = logger
        self._outputs = outputs
        self._ladder = ladder
        self._loop = context.asyncio_loop
        self._must_end = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.child: ChildProcess | None = None
        self.completed: asyncio.Future[None] = self._loop.create_future()

    def start(self) -> None:
        """Begin; `completed` is done when the process has ended for good."""
        self._spawn_task(self._run())

    def _spawn_task(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work, loop=self._loop)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def kill(self) -> None:
        """End the process at once."""
        self._must_end.set()
        if self.child is not None:
            self.child.close()

    def on_shutdown(self, event: Shutdown) -> None:
        """End the process; a terminal's SIGINT has reached it already."""
        self.end(send_sigint=not event.due_to_sigint or self._context.noninteractive)

    def on_shutdown_process(self, event: ShutdownProcess) -> None:
        """End the process if it is meant."""
        if event.process_matcher(self._details["action"]):
            self.end(send_sigint=True)

    def on_signal_process(self, event: SignalProcess) -> None:
        """Send the process a signal if it is meant."""
        is_meant = event.process_matcher(self._details["action"])
        if is_meant and self.child is not None and self.child.returncode is None:
            self._ladder.send(self.child, event.signal)

    def on_stdin(self, event: ProcessStdin) -> None:
        """Write to the process's standard input."""
        if event.action is self._details["action"] and self.child is not None:
            self.child.write_stdin(event.text)

    def end(self, *, send_sigint: bool) -> None:
        """End the process, now or as soon as it has started; only the first request counts."""
        if self._must_end.is_set() or self.completed.done():
            return
        self._must_end.set()
        if self.child is not None and self.child.returncode is None:
            self._spawn_task(self._ladder.descend(self.child, send_sigint=send_sigint))

    async def _run(self) -> None:
        respawns = 0
        try:
            while not self._must_end.is_set() and await self._run_once():
                limit = self._settings.max_respawns
                if not self._settings.respawns or 0 <= limit <= respawns:
                    break
                respawns += 1
                await self._wait_before_respawn()
        except Exception as error:  # noqa: BLE001 handed on to the launch service, which ends the launch
            if not self.completed.done():
                self.completed.set_exception(error)
        finally:
            if self.child is not None:
                self.child.close()
            if not self.completed.done():
                self.completed.set_result(None)

    async def _wait_before_respawn(self) -> None:
        if self._settings.respawn_delay_s <= 0.0:
            return
        waiter = asyncio.ensure_future(self._must_end.wait())
        await asyncio.wait([waiter], timeout=self._settings.respawn_delay_s)
        waiter.cancel()

    def _on_start(self, pid: int) -> None:
        self._details["pid"] = pid
        self._logger.info("process started with pid [%d]", pid)

    def _on_output(self, fd: int, data: bytes) -> None:
        self._outputs[fd].feed(data)
        event_class = ProcessStdout if fd == 1 else ProcessStderr
        self._context.emit_event_sync(event_class(text=data, **self._details))

    async def _start_child(self) -> ChildProcess | None:
        details, settings = self._details, self._settings
        if settings.logs_cmd:
            self._logger.info(
                "process details: cmd='%s', cwd='%s', custom_env?=%s",
                " ".join(part for part in details["cmd"] if part.strip()),
                details["cwd"],
                details["env"] is not None,
            )
        try:
            return await start_process(
                details["cmd"],
                cwd=details["cwd"],
                env=details["env"],
                is_shell=settings.is_shell,
                is_tty=settings.is_tty,
                on_start=self._on_start,
                on_output=self._on_output,
            )
        except (OSError, ValueError):
            self._logger.error("exception occurred while executing process:\n%s", traceback.format_exc())
            return None

    async def _run_once(self) -> bool:
        """Run the process from start to end; return whether it could be started."""
        child = await self._start_child()
        if child is None:
            return False
        if self.child is not None:
            self.child.close()
        self.child = child
        if self._must_end.is_set():  # asked to end while it was being started
            self._spawn_task(self._ladder.descend(child, send_sigint=True))
        self._context.emit_event_sync(ProcessStarted(**self._details))
        returncode = await child.wait()
        for output in self._outputs.values():
            output.flush()
        self._log_end(child.pid, returncode)
        self._context.emit_event_sync(ProcessExited(returncode=returncode, **self._details))
        return True

    def _log_end(self, pid: int, returncode: int) -> None:
        if returncode == 0:
            self._logger.info("process has finished cleanly [pid %d]", pid)
            return
        self._logger.error(
            "process has died [pid %d, exit code %d, cmd '%s'].",
            pid,
            returncode,
            " ".join(part for part in self._details["cmd"] if part.strip()),
        )
