"""Waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from ..action import Action
from ..event_handler import EventHandler
from ..event_handlers import OnShutdown
from ..events import TimerEvent
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from .opaque_function import OpaqueFunction


class TimerAction(Action):
    """Leads to its actions once, after a time, unless it is cancelled.

    Args:
        period: the time in seconds.
        actions: the actions.
        cancel_on_shutdown: whether a shutdown cancels the timer.
        kwargs: arguments of `Action`.
    """

    def __init__(
        self,
        *,
        period: float | SomeSubstitutionsType,
        actions: Iterable[LaunchDescriptionEntity],
        cancel_on_shutdown: bool | SomeSubstitutionsType = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        seconds = float(period) if isinstance(period, str) else period
        self._period = normalize_typed_substitution(seconds, float)
        self._actions = list(actions)
        self._cancel_on_shutdown = normalize_typed_substitution(cancel_on_shutdown, bool)
        self._cancelled = False
        self._cancelled_future: asyncio.Future[None] | None = None
        self._completed_future: asyncio.Future[None] | None = None
        self._locals: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def period(self) -> Any:
        """The time in seconds."""
        return self._period

    @property
    def actions(self) -> list[LaunchDescriptionEntity]:
        """The actions."""
        return self._actions

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return the actions."""
        return [(f"{self._period} seconds pass without being canceled", self._actions)]

    def cancel(self) -> None:
        """Cancel the timer; does nothing where it has run out or was cancelled before."""
        self._cancelled = True
        if self._cancelled_future is not None and not self._cancelled_future.done():
            self._cancelled_future.set_result(None)

    async def _wait(self, context: LaunchContext, period_s: float) -> None:
        assert self._cancelled_future is not None and self._completed_future is not None
        await asyncio.wait([self._cancelled_future], timeout=period_s)
        if not self._cancelled_future.done():
            context.emit_event_sync(TimerEvent(timer_action=self))
        self._completed_future.set_result(None)

    def _fire(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        context.extend_locals(self._locals)
        return self._actions

    def _on_shutdown(self, _event: Any, _context: LaunchContext) -> None:
        self.cancel()

    def execute(self, context: LaunchContext) -> None:
        """Start the timer."""
        loop = context.asyncio_loop
        assert loop is not None
        if self._cancelled:
            return
        self._cancelled_future = loop.create_future()
        self._completed_future = loop.create_future()
        self._locals = context.get_locals_as_dict()
        context.register_event_handler(
            EventHandler(
                matcher=lambda event: isinstance(event, TimerEvent) and event.timer_action is self,
                entities=OpaqueFunction(function=self._fire),
                handle_once=True,
            )
        )
        if perform_typed_substitution(context, self._cancel_on_shutdown, bool):
            context.register_event_handler(OnShutdown(on_shutdown=self._on_shutdown))
        period_s = perform_typed_substitution(context, self._period, float)
        self._task = loop.create_task(self._wait(context, period_s))

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """Return a future that is done when the timer has run out or was cancelled."""
        return self._completed_future
