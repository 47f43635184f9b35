"""A lifecycle node whose callbacks cannot fail unseen and whose entities cannot be left behind.

Every callback handed to `create_subscription`, `create_timer`, `create_service` or `guard` is wrapped: an
exception reaches `record_fault` with its traceback. Entities made while the node is configured or started are
destroyed by the base when that phase ends, so that configuring twice never doubles a subscription.
"""

from __future__ import annotations

import functools
import inspect
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from rclpy.lifecycle import LifecycleNode

E = TypeVar("E")
_GUARDED = "__dexora_guarded__"


class GuardedNode(LifecycleNode):
    """Lifecycle node with guarded callbacks and owned entities."""

    # The entities of the phase that is being set up; None while nothing is collected (rclpy's own entities).
    _collected: list[Any] | None = None

    @abstractmethod
    def record_fault(self, where: str, error: BaseException) -> Any:
        """Log `error` with its traceback and latch it; called from any thread."""

    def guard(
        self, callback: Callable[..., Any], *, fallback: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        """Return `callback` wrapped so that an exception is latched by `record_fault` instead of lost.

        Works for plain functions and coroutines; wrapping twice does nothing.

        Args:
            callback: Any callback, also of an action server or of a thread.
            fallback: Called with the same arguments after a fault; its result is returned instead.
        """
        if getattr(callback, _GUARDED, False):
            return callback
        where = getattr(callback, "__name__", type(callback).__name__)
        wrapped = self._guarded_coroutine if inspect.iscoroutinefunction(callback) else self._guarded_function
        guarded = wrapped(callback, where, fallback)
        setattr(guarded, _GUARDED, True)
        return guarded

    def _guarded_function(
        self, callback: Callable[..., Any], where: str, fallback: Callable[..., Any] | None
    ) -> Callable[..., Any]:
        @functools.wraps(callback)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return callback(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - latched with its traceback
                self.record_fault(where, error)
            return fallback(*args, **kwargs) if fallback else None

        return guarded

    def _guarded_coroutine(
        self, callback: Callable[..., Any], where: str, fallback: Callable[..., Any] | None
    ) -> Callable[..., Any]:
        @functools.wraps(callback)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return await callback(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - latched with its traceback
                self.record_fault(where, error)
            return fallback(*args, **kwargs) if fallback else None

        return guarded

    def own(self, entity: E) -> E:
        """Destroy `entity` (an action server, a broadcaster ...) with the phase in which it was made.

        The entity needs a `destroy()` method. Call this in `on_setup` or `on_start`.
        """
        if self._collected is not None:
            self._collected.append(entity)
        return entity

    def create_publisher(self, *args: Any, **kwargs: Any) -> Any:
        """As `rclpy.node.Node.create_publisher`; the publisher is owned."""
        return self.own(super().create_publisher(*args, **kwargs))

    def create_client(self, *args: Any, **kwargs: Any) -> Any:
        """As `rclpy.node.Node.create_client`; the client is owned."""
        return self.own(super().create_client(*args, **kwargs))

    def create_subscription(
        self, msg_type: Any, topic: str, callback: Callable[..., Any], qos_profile: Any, **kwargs: Any
    ) -> Any:
        """As `rclpy.node.Node.create_subscription`; the callback is guarded, the subscription owned."""
        return self.own(
            super().create_subscription(msg_type, topic, self.guard(callback), qos_profile, **kwargs)
        )

    def create_service(
        self, srv_type: Any, srv_name: str, callback: Callable[..., Any], **kwargs: Any
    ) -> Any:
        """As `rclpy.node.Node.create_service`; after a fault the caller gets a response that says so."""
        guarded = self.guard(callback, fallback=self._failed_response)
        return self.own(super().create_service(srv_type, srv_name, guarded, **kwargs))

    def create_timer(
        self, timer_period_sec: float, callback: Callable[..., Any] | None, *args: Any, **kwargs: Any
    ) -> Any:
        """As `rclpy.node.Node.create_timer`; the callback is guarded, the timer owned."""
        guarded = self.guard(callback) if callback else None
        return self.own(super().create_timer(timer_period_sec, guarded, *args, **kwargs))

    def _failed_response(self, _request: Any, response: Any) -> Any:
        if hasattr(response, "success"):
            response.success = False
        if hasattr(response, "message"):
            response.message = f"{self.get_name()} failed on this request; its log has the traceback"
        return response

    def _destroy_entities(self, entities: list[Any]) -> None:
        """Destroy what a phase created, newest first; what is already gone is skipped."""
        while entities:
            entity = entities.pop()
            if not self._destroy_known(entity):
                entity.destroy()

    def _destroy_known(self, entity: Any) -> bool:
        lists = (
            (self._publishers, self.destroy_publisher),
            (self._subscriptions, self.destroy_subscription),
            (self._services, self.destroy_service),
            (self._clients, self.destroy_client),
            (self._timers, self.destroy_timer),
        )
        for known, destroy in lists:
            if any(entity is other for other in known):
                destroy(entity)
                return True
        # A node entity that is in none of the lists was destroyed by the subclass already.
        return hasattr(entity, "handle")
