"""Running launch descriptions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import traceback
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any

from . import logging as launch_logging
from ._subset import Checked
from ._visit import visit_entity
from .actions import ExecuteLocal
from .event import Event
from .events import IncludeLaunchDescription, Shutdown
from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .launch_description_entity import LaunchDescriptionEntity

_INTERRUPTED = "user interrupted with ctrl-c (SIGINT)"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)


class LaunchService(Checked):
    """Visits launch descriptions, handles events, and ends when nothing is left to do.

    Args:
        argv: arguments of the command line, kept in the context.
        noninteractive: no terminal is attached, so nobody else sends SIGINT to the processes.
        debug: log DEBUG lines too.
    """

    def __init__(
        self,
        *,
        argv: Iterable[str] | None = None,
        noninteractive: bool = False,
        debug: bool = False,
    ) -> None:
        launch_logging.launch_config.level = logging.DEBUG if debug else logging.INFO
        self._debug = debug
        self._logger = launch_logging.get_logger("launch")
        self._context = LaunchContext(argv=argv, noninteractive=noninteractive)
        self._pending: list[tuple[LaunchDescriptionEntity, asyncio.Future[Any]]] = []
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._is_shutting_down = False
        self._is_interrupted = False

    @property
    def context(self) -> LaunchContext:
        """The launch context."""
        return self._context

    @property
    def event_loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop while running, else None."""
        return self._loop

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """The task that runs the service, or None."""
        return self._task

    def emit_event(self, event: Event) -> None:
        """Queue an event; may be called from any thread."""
        with self._lock:
            if self._loop is None or threading.current_thread() is threading.main_thread():
                self._context.emit_event_sync(event)
            else:
                self._loop.call_soon_threadsafe(self._context.emit_event_sync, event)

    def include_launch_description(self, launch_description: LaunchDescription) -> None:
        """Have a launch description visited; may be called from any thread."""
        self.emit_event(IncludeLaunchDescription(launch_description))

    def shutdown(self, force_sync: bool = False) -> Coroutine[Any, Any, None] | None:
        """End everything that was launched; does nothing where the service does not run."""
        del force_sync
        if self._loop is not None:
            self._begin_shutdown("LaunchService.shutdown() called")
        return None

    def _begin_shutdown(self, reason: str, *, due_to_sigint: bool = False) -> None:
        if not self._is_shutting_down:
            self.emit_event(Shutdown(reason=reason, due_to_sigint=due_to_sigint))
        self._is_shutting_down = True
        self._context._set_is_shutdown(True)

    def _on_sigint(self) -> None:
        if self._is_interrupted:
            self._logger.warning("%s again, ignoring...", _INTERRUPTED)
            return
        self._is_interrupted = True
        self._logger.warning(_INTERRUPTED)
        self._begin_shutdown("ctrl-c (SIGINT)", due_to_sigint=True)

    def _on_sigterm(self, number: signal.Signals) -> None:
        self._logger.error("user interrupted with ctrl-\\ (%s), terminating...", number.name)
        self._logger.error("using %s can result in orphaned processes", number.name)
        self._logger.error("make sure no processes launched are still running")
        if self._task is not None:
            self._task.cancel()

    @contextlib.contextmanager
    def _running(self) -> Iterator[asyncio.AbstractEventLoop]:
        """Own loop, context and signals while running."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._loop is not None:
                raise RuntimeError("LaunchService cannot be run multiple times concurrently.")
            self._loop = loop
            self._task = asyncio.current_task()
            self._context._set_asyncio_loop(loop)
        previous = {number: signal.getsignal(number) for number in _SIGNALS}
        loop.add_signal_handler(signal.SIGINT, self._on_sigint)
        for number in (signal.SIGTERM, signal.SIGQUIT):
            loop.add_signal_handler(number, self._on_sigterm, number)
        try:
            yield loop
        finally:
            for number, handler in previous.items():
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            with self._lock:
                self._context._set_asyncio_loop(None)
                self._loop = None
                self._task = None
                self._is_shutting_down = False

    def _collect_work(self) -> list[asyncio.Future[Any]]:
        """Return what is still to be done, and raise what went wrong in what is done."""
        futures = [future for _, future in self._pending] + self._context._completion_futures
        self._pending = [pair for pair in self._pending if not pair[1].done()]
        self._context._completion_futures = [f for f in self._context._completion_futures if not f.done()]
        for future in futures:
            if future.done() and not future.cancelled():
                error = future.exception()
                if error is not None:
                    raise error
        return [future for future in futures if not future.done()]

    def _process_event(self, event: Event) -> None:
        self._logger.debug("processing event: '%s'", event)
        if isinstance(event, IncludeLaunchDescription):
            visit_entity(event.launch_description, self._context, self._pending)
        if isinstance(event, Shutdown):  # before the handlers, so that none of them starts anything
            self._is_shutting_down = True
            self._context._set_is_shutdown(True)
        for handler in tuple(self._context._event_handlers):
            if not handler.matches(event):
                continue
            self._context._push_locals()
            try:
                entities = handler.handle(event, self._context)
                for entity in _as_entities(entities):
                    visit_entity(entity, self._context, self._pending)
            finally:
                self._context._pop_locals()

    async def _step(self, *, shutdown_when_idle: bool) -> bool:
        """Handle one event, or wait for something to happen; return whether to go on."""
        work = self._collect_work()
        queue = self._context._event_queue
        if queue:
            self._process_event(queue.popleft())
            await asyncio.sleep(0)
            return True
        if not work:
            if self._is_shutting_down:
                return False
            if shutdown_when_idle:
                self._begin_shutdown("idle")
                return True
        arrived = self._context._event_arrived
        arrived.clear()
        waiter = asyncio.ensure_future(arrived.wait())
        await asyncio.wait([*work, waiter], return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        return True

    async def run_async(self, *, shutdown_when_idle: bool = True) -> int:
        """Run until nothing is left to do; only in the main thread.

        Returns:
            0, or 1 when something went wrong.

        Raises:
            RuntimeError: it is called outside the main thread or runs already.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("LaunchService can only be run in the main thread.")
        return_code = 0
        with self._running() as loop:
            loop.set_debug(self._debug)
            launch_logging.log_launch_config(logger=self._logger)
            while True:
                try:
                    if not await self._step(shutdown_when_idle=shutdown_when_idle):
                        return return_code
                except asyncio.CancelledError:  # noqa: PERF203 every round may fail on its own
                    self._logger.error("run task was canceled")
                    self._kill_processes()
                    return 1
                except Exception as error:  # noqa: BLE001 a launch file may raise anything; the launch ends
                    message = f"Caught exception in launch (see debug for traceback): {error}"
                    self._logger.debug(traceback.format_exc())
                    self._logger.error(message)
                    self._begin_shutdown(message)
                    return_code = 1

    def _kill_processes(self) -> None:
        for entity, future in self._pending:
            if isinstance(entity, ExecuteLocal) and not future.done():
                entity.kill()

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """Run until nothing is left to do; see `run_async`."""
        return asyncio.run(self.run_async(shutdown_when_idle=shutdown_when_idle))


def _as_entities(
    entities: LaunchDescriptionEntity | Iterable[LaunchDescriptionEntity] | None,
) -> list[LaunchDescriptionEntity]:
    if entities is None:
        return []
    found = list(entities) if isinstance(entities, Iterable) else [entities]
    for entity in found:
        if entity is not None and not isinstance(entity, LaunchDescriptionEntity):
            raise RuntimeError(f"expected a LaunchDescriptionEntity from event_handler, got '{entity}'")
    return [entity for entity in found if entity is not None]
