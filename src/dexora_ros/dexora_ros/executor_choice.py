"""Which executor to spin: the events executor where it works, the single-threaded one where it does not.

rclpy's EventsExecutor needs a third of the CPU of the others, but in some builds a wait without a time limit
never wakes up. It is therefore always given a finite time limit, and it has to deliver one message to itself
before it is trusted. The multi-threaded executor is never used: it loses messages at 250 Hz.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Header

from .qos import STATE

PROBE_TIMEOUT_S = 1.0
_PROBE_SLICE_S = 0.05

ExecutorFactory = Callable[[Context], Any]


@dataclass(frozen=True)
class ExecutorChoice:
    """An executor and why it was chosen.

    Attributes:
        executor: The rclpy executor.
        label: Its class name.
        warning: Empty, or one sentence when the preferred executor could not be used.
    """

    executor: Any
    label: str
    warning: str = ""


def events_executor(context: Context) -> Any:
    """Return rclpy's EventsExecutor.

    Raises:
        ImportError: This rclpy has none.
    """
    from rclpy.experimental import EventsExecutor  # noqa: PLC0415 - absent before Kilted

    return EventsExecutor(context=context)


def single_threaded_executor(context: Context) -> SingleThreadedExecutor:
    """Return rclpy's SingleThreadedExecutor."""
    return SingleThreadedExecutor(context=context)


def choose_executor(
    context: Context,
    *,
    preferred: ExecutorFactory = events_executor,
    probe_timeout_s: float = PROBE_TIMEOUT_S,
) -> ExecutorChoice:
    """Return the preferred executor if it delivers a message to itself, else the single-threaded one.

    Args:
        context: An initialised context.
        preferred: Makes the executor to try first.
        probe_timeout_s: Time for the probe's message to arrive [s].
    """
    try:
        executor = preferred(context)
    except ImportError as error:
        reason = f"this rclpy has no EventsExecutor ({error})"
    else:
        if delivers(executor, context, probe_timeout_s):
            return ExecutorChoice(executor, type(executor).__name__)
        executor.shutdown()
        reason = f"{type(executor).__name__} delivered no message within {probe_timeout_s:g} s"
    fallback = single_threaded_executor(context)
    label = type(fallback).__name__
    return ExecutorChoice(fallback, label, f"{reason}; {label} is used and costs about three times the CPU")


def delivers(executor: Any, context: Context, timeout_s: float) -> bool:
    """Return True if a message of this process to itself reaches `executor` within `timeout_s`."""
    name = f"_dexora_probe_{os.getpid()}"
    node = Node(
        name, context=context, use_global_arguments=False, enable_rosout=False, start_parameter_services=False
    )
    received: list[Header] = []
    try:
        node.create_subscription(Header, name, received.append, STATE)
        publisher = node.create_publisher(Header, name, STATE)
        executor.add_node(node)
        deadline = time.monotonic() + timeout_s
        next_publish = 0.0
        while not received and (now := time.monotonic()) < deadline:
            if now >= next_publish:
                publisher.publish(Header())
                next_publish = now + _PROBE_SLICE_S
            executor.spin_once(timeout_sec=_PROBE_SLICE_S)
        executor.remove_node(node)
    finally:
        node.destroy_node()
    return bool(received)
