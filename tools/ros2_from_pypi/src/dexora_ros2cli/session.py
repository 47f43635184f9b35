"""A short-lived hidden node for one run of a verb."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import rclpy
from rclpy.exceptions import InvalidNodeNameException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from dexora_ros2cli.discovery import wait_for_graph
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.parser import non_negative_float

SPIN_SLICE_S = 0.1


def note_stop_signals() -> threading.Event:
    """Return an event that Ctrl-C and SIGTERM set from now on.

    For verbs with something to end properly: an exception raised by a signal may come in the middle of a
    callback of the middleware, where it is swallowed.
    """
    stop = threading.Event()

    def note(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    return stop


def add_session_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that every verb with a node has."""
    parser.add_argument(
        "--spin-time",
        type=non_negative_float,
        metavar="SECONDS",
        help="Wait exactly this long for discovery (default: until every participant of this host is found)",
    )
    parser.add_argument("-s", "--use-sim-time", action="store_true", help="Use /clock as the time source")
    parser.add_argument(
        "--no-daemon", action="store_true", help="Accepted for the original's sake: there is none"
    )


@contextmanager
def session(
    args: argparse.Namespace,
    name: str | None = None,
    *,
    signals: SignalHandlerOptions = SignalHandlerOptions.ALL,
) -> Iterator[Node]:
    """Open a node for one verb and close it afterwards, whatever happens.

    Args:
        args: parsed arguments; `use_sim_time` is read if present.
        name: node name; default is a hidden one with the process id.
        signals: which signal handlers the middleware installs.

    Raises:
        CliError: `name` is not a valid node name.
    """
    rclpy.init(args=[], signal_handler_options=signals)
    try:
        node = rclpy.create_node(
            name or f"_ros2cli_{os.getpid()}", start_parameter_services=False, enable_rosout=False
        )
    except InvalidNodeNameException as error:
        raise CliError(str(error)) from error
    if getattr(args, "use_sim_time", False):
        node.set_parameters([Parameter("use_sim_time", value=True)])
    try:
        yield node
    except ExternalShutdownException:
        raise KeyboardInterrupt from None
    except RuntimeError:
        if rclpy.ok():
            raise
        raise KeyboardInterrupt from None  # a signal has closed the middleware under the verb
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


@contextmanager
def graph_session(args: argparse.Namespace) -> Iterator[Node]:
    """Open a node for one verb once discovery has settled."""
    with session(args) as node:
        wait_for_graph(node, args.spin_time)
        yield node


def spin_for(node: Node, duration_s: float) -> None:
    """Run the callbacks of `node` for `duration_s` [s] or until shutdown."""
    end = time.monotonic() + duration_s
    while rclpy.ok() and (left := end - time.monotonic()) > 0.0:
        rclpy.spin_once(node, timeout_sec=min(left, SPIN_SLICE_S))


def spin_slice(node: Node) -> None:
    """Wait for one callback of `node` for a short while; never blocks for good."""
    rclpy.spin_once(node, timeout_sec=SPIN_SLICE_S)
