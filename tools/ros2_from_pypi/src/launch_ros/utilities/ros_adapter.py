"""The ROS node of the launch itself, made when the first managed node needs it."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import Any

from launch.event import Event
from launch.event_handlers import OnShutdown
from launch.launch_context import LaunchContext


class RosAdapter:
    """A node that spins in a thread of its own, with its own ROS context and without signal handlers."""

    def __init__(self) -> None:
        import rclpy  # noqa: PLC0415 takes half a second, and most launches do without
        from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415

        self._ros_context = rclpy.Context()
        rclpy.init(args=[], context=self._ros_context)
        self._node = rclpy.create_node(f"launch_ros_{os.getpid()}", context=self._ros_context)
        self._executor = SingleThreadedExecutor(context=self._ros_context)
        self._executor.add_node(self._node)
        self._is_running = True
        self._thread = threading.Thread(target=self._spin, name="launch_ros", daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        while self._is_running:
            self._executor.spin_once(timeout_sec=1.0)

    async def create_change_state_client(self, service: str) -> Any:
        """Return a client of a `change_state` service, made in the thread that spins."""
        from lifecycle_msgs.srv import ChangeState  # noqa: PLC0415

        task: Any = self._executor.create_task(self._node.create_client, ChangeState, service)
        while not task.done() and self._is_running:
            await asyncio.sleep(0.005)
        return task.result() if task.done() else None

    def request_transition(self, client: Any, transition: str) -> Any:
        """Ask for `configure` or `activate` and return the future response."""
        from lifecycle_msgs.msg import Transition  # noqa: PLC0415
        from lifecycle_msgs.srv import ChangeState  # noqa: PLC0415

        request = ChangeState.Request()
        request.transition.id = getattr(Transition, f"TRANSITION_{transition.upper()}")
        return client.call_async(request)

    def shutdown(self) -> None:
        """Stop spinning and leave the graph."""
        self._is_running = False
        self._executor.wake()
        self._thread.join()
        self._executor.shutdown()
        self._node.destroy_node()
        self._ros_context.try_shutdown()


async def get_ros_adapter(context: LaunchContext) -> RosAdapter:
    """Return the launch's adapter, made at the first call, off the loop's thread; it ends with the launch."""
    coming = context.get_locals_as_dict().get("ros_adapter")
    if coming is None:
        loop = asyncio.get_running_loop()
        coming = loop.run_in_executor(None, RosAdapter)
        context.extend_globals({"ros_adapter": coming})
        context.register_event_handler(OnShutdown(on_shutdown=partial(_stop, coming)))
    adapter: RosAdapter = await asyncio.shield(coming)
    return adapter


def _stop(coming: asyncio.Future[RosAdapter], _event: Event, context: LaunchContext) -> None:
    context.add_completion_future(asyncio.ensure_future(_shut_down(coming)))


async def _shut_down(coming: asyncio.Future[RosAdapter]) -> None:
    adapter = await coming
    await asyncio.get_running_loop().run_in_executor(None, adapter.shutdown)
