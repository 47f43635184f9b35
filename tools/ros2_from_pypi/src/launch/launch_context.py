"""The state that entities share while launching."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterable, MutableMapping
from typing import Any

from ._subset import Checked
from .event import Event
from .event_handler import BaseEventHandler
from .substitution import Substitution


class _Locals:
    """Attribute access to the values of the innermost scopes."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._values:
            raise AttributeError(f"context.locals does not contain attribute '{name}'")
        return self._values[name]


class LaunchContext(Checked):
    """Launch configurations, environment, event queue and event handlers of one launch."""

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False) -> None:
        self._argv = list(argv) if argv is not None else []
        self._noninteractive = noninteractive
        self._event_queue: deque[Event] = deque()
        self._event_arrived = asyncio.Event()
        self._event_handlers: deque[BaseEventHandler] = deque()
        self._completion_futures: list[asyncio.Future[Any]] = []
        self._globals: dict[str, Any] = {}
        self._locals_stack: list[dict[str, Any]] = []
        self._configurations: dict[str, Any] = {}
        self._configurations_stack: list[dict[str, Any]] = []
        self._environment_stack: list[dict[str, str]] = []
        self._environment_at_start = dict(os.environ)
        self._is_shutdown = False
        self._asyncio_loop: asyncio.AbstractEventLoop | None = None

    @property
    def argv(self) -> list[str]:
        """The arguments of the command line."""
        return self._argv

    @property
    def noninteractive(self) -> bool:
        """Whether no terminal is attached."""
        return self._noninteractive

    @property
    def is_shutdown(self) -> bool:
        """Whether the launch is being shut down."""
        return self._is_shutdown

    def _set_is_shutdown(self, state: bool) -> None:
        self._is_shutdown = state

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop while launching, else None."""
        return self._asyncio_loop

    def _set_asyncio_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._asyncio_loop = loop
        self._event_arrived = asyncio.Event()
        if self._event_queue:
            self._event_arrived.set()

    def add_completion_future(self, future: asyncio.Future[Any]) -> None:
        """Keep the launch alive until `future` is done."""
        self._completion_futures.append(future)

    @property
    def launch_configurations(self) -> dict[str, Any]:
        """The launch configurations in scope, by name."""
        return self._configurations

    def _push_launch_configurations(self) -> None:
        self._configurations_stack.append(
            {name: list(v) if isinstance(v, list) else v for name, v in self._configurations.items()}
        )

    def _pop_launch_configurations(self) -> None:
        if not self._configurations_stack:
            raise RuntimeError("no launch configurations to pop: none were pushed")
        saved = self._configurations_stack.pop()
        self._configurations.clear()
        self._configurations.update(saved)

    @property
    def environment(self) -> MutableMapping[str, str]:
        """The environment that processes will inherit."""
        return os.environ

    def _push_environment(self) -> None:
        self._environment_stack.append(dict(os.environ))

    def _pop_environment(self) -> None:
        if not self._environment_stack:
            raise RuntimeError("no environment to pop: none was pushed")
        self._replace_environment(self._environment_stack.pop())

    def _reset_environment(self) -> None:
        self._replace_environment(self._environment_at_start)

    @staticmethod
    def _replace_environment(values: dict[str, str]) -> None:
        os.environ.clear()
        os.environ.update(values)

    def _push_locals(self) -> None:
        self._locals_stack.append({})

    def _pop_locals(self) -> None:
        self._locals_stack.pop()

    def get_locals_as_dict(self) -> dict[str, Any]:
        """Return global and local values, the innermost scope winning."""
        merged = dict(self._globals)
        for scope in self._locals_stack:
            merged.update(scope)
        return merged

    @property
    def locals(self) -> _Locals:
        """The global and local values as attributes."""
        return _Locals(self.get_locals_as_dict())

    def extend_locals(self, extensions: dict[str, Any]) -> None:
        """Add values to the innermost scope."""
        target = self._locals_stack[-1] if self._locals_stack else self._globals
        target.update(extensions)

    def extend_globals(self, extensions: dict[str, Any]) -> None:
        """Add values that all scopes see."""
        self._globals.update(extensions)

    def register_event_handler(self, event_handler: BaseEventHandler, append: bool = False) -> None:
        """Add an event handler, by default before the ones that are there."""
        if append:
            self._event_handlers.append(event_handler)
        else:
            self._event_handlers.appendleft(event_handler)

    def unregister_event_handler(self, event_handler: BaseEventHandler) -> None:
        """Remove an event handler.

        Raises:
            ValueError: it is not registered.
        """
        self._event_handlers.remove(event_handler)

    def would_handle_event(self, event: Event) -> bool:
        """Return whether any registered handler matches the event."""
        return any(handler.matches(event) for handler in self._event_handlers)

    def emit_event_sync(self, event: Event) -> None:
        """Queue an event; call it in the thread of the loop only."""
        self._event_queue.append(event)
        self._event_arrived.set()

    async def emit_event(self, event: Event) -> None:
        """Queue an event."""
        self.emit_event_sync(event)

    def perform_substitution(self, substitution: Substitution) -> str:
        """Return the substitution's value."""
        return substitution.perform(self)
