"""One call of a service, with bounds on every wait."""

from __future__ import annotations

import threading
from typing import Any

import rclpy
from rclpy.node import Node

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.session import SPIN_SLICE_S

# As long as discovery may take at worst, and some.
SERVICE_TIMEOUT_S = 10.0


def wait_for_future(
    node: Node, future: Any, timeout_s: float | None = None, stop: threading.Event | None = None
) -> bool:
    """Run callbacks until `future` is done; false after `timeout_s` [s], at `stop`, or when ROS shut down."""
    left_s = timeout_s
    while rclpy.ok() and not future.done() and not (stop and stop.is_set()):
        if left_s is not None and left_s <= 0.0:
            return False
        rclpy.spin_until_future_complete(node, future, timeout_sec=SPIN_SLICE_S)
        left_s = None if left_s is None else left_s - SPIN_SLICE_S
    return bool(future.done())


def call(node: Node, service_type: Any, name: str, request: Any, timeout_s: float = SERVICE_TIMEOUT_S) -> Any:
    """Call the service `name` and return its response.

    Args:
        node: the caller.
        service_type: generated class of the service.
        name: absolute service name.
        request: the request.
        timeout_s: bound on waiting for the service, and again on its answer [s].

    Raises:
        CliError: the service is not there, does not answer in time, or the call failed.
    """
    client: Any = node.create_client(service_type, name)
    try:
        if not client.wait_for_service(timeout_sec=timeout_s):
            raise CliError(f"Wait for service timed out: '{name}' did not appear within {timeout_s:g} s")
        future = client.call_async(request)
        if not wait_for_future(node, future, timeout_s):
            raise CliError(f"Exception while calling service '{name}': no answer within {timeout_s:g} s")
        if future.exception() is not None:
            raise CliError(f"Exception while calling service '{name}': {future.exception()!r}")
        return future.result()
    finally:
        node.destroy_client(client)
