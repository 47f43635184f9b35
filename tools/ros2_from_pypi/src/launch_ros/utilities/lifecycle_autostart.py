"""Configuring and activating managed nodes through their lifecycle services."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import launch.logging
from launch.launch_context import LaunchContext

from .ros_adapter import RosAdapter, get_ros_adapter

_TRANSITIONS = ("configure", "activate")
_POLL_S = 0.05


class _Autostart:
    """Brings one node to the active state, one transition after the other."""

    def __init__(self, context: LaunchContext, node_name: str, process: asyncio.Future[Any] | None) -> None:
        self._context = context
        self._node_name = node_name
        self._service = f"{node_name}/change_state"
        self._process = process
        self._logger = launch.logging.get_logger("launch_ros.utilities.lifecycle_event_manager")

    def _is_abandoned(self) -> bool:
        return self._context.is_shutdown or (self._process is not None and self._process.done())

    async def _wait_for(self, is_ready: Callable[[], bool], subject: str) -> bool:
        while not self._is_abandoned():
            if is_ready():
                return True
            await asyncio.sleep(_POLL_S)
        if self._context.is_shutdown:
            self._logger.warning("Abandoning wait for the '%s' %s, due to shutdown.", self._service, subject)
        return False

    async def run(self) -> None:
        """Do all transitions; stop at the first that fails, at a shutdown, or when the process has ended."""
        adapter = await get_ros_adapter(self._context)
        client = await adapter.create_change_state_client(self._service)
        if not await self._wait_for(lambda: bool(client.service_is_ready()), "service"):
            return
        for transition in _TRANSITIONS:
            if not await self._change_state(adapter, client, transition):
                return

    async def _change_state(self, adapter: RosAdapter, client: Any, transition: str) -> bool:
        response = adapter.request_transition(client, transition)
        if not await self._wait_for(response.done, "service response"):
            response.cancel()
            return False
        if not response.result().success:
            self._logger.error(
                "Failed to make transition '%s' for LifecycleNode '%s'",
                f"TRANSITION_{transition.upper()}",
                self._node_name,
            )
            return False
        return True


def start_managed_node(context: LaunchContext, node_name: str, process: asyncio.Future[Any] | None) -> None:
    """Configure and activate a node in the background.

    Args:
        context: the launch context.
        node_name: the node's full name.
        process: done when the node's process has ended.
    """
    assert context.asyncio_loop is not None
    work: Coroutine[Any, Any, None] = _Autostart(context, node_name, process).run()
    context.add_completion_future(context.asyncio_loop.create_task(work))
