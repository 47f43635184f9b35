"""`ros2 topic hz`."""

from __future__ import annotations

import argparse
import math
import time
from collections import deque
from typing import Any

import rclpy

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import full_topic_name, topic_type
from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import positive_int
from dexora_ros2cli.qos import add_qos_arguments, subscription_profile
from dexora_ros2cli.session import add_session_arguments, session, spin_slice
from dexora_ros2cli.types import load_type
from dexora_ros2cli.verbs.topic_echo import message_filter

DEFAULT_WINDOW = 10000
REPORT_NS = 1_000_000_000


class RateMeter:
    """The rate of the last messages, from the times at which they came."""

    def __init__(self, window: int) -> None:
        self._gaps_ns: deque[int] = deque(maxlen=window)
        self._last_ns: int | None = None
        self._reported_ns: int | None = None

    def add(self, now_ns: int) -> None:
        """Count a message that came at `now_ns`; time that jumps back begins a new measurement."""
        if self._last_ns is None or now_ns < self._last_ns:
            self._gaps_ns.clear()
            self._reported_ns = now_ns
        else:
            self._gaps_ns.append(now_ns - self._last_ns)
        self._last_ns = now_ns

    def report(self) -> str | None:
        """Return the statistics in the original's words once for every second of new messages, else None."""
        if not self._gaps_ns or self._last_ns is None or self._reported_ns is None:
            return None
        if self._last_ns - self._reported_ns < REPORT_NS:
            return None
        self._reported_ns = self._last_ns
        count = len(self._gaps_ns)
        mean = sum(self._gaps_ns) / count
        rate_hz = 1e9 / mean if mean > 0.0 else 0.0
        deviation = math.sqrt(sum((gap - mean) ** 2 for gap in self._gaps_ns) / count)
        low, high = min(self._gaps_ns) * 1e-9, max(self._gaps_ns) * 1e-9
        return (
            f"average rate: {rate_hz:.3f}\n"
            f"\tmin: {low:.3f}s max: {high:.3f}s std dev: {deviation * 1e-9:.5f}s window: {count}"
        )


class HzVerb:
    """Print the average receiving rate to screen."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument(
            "topic_name", nargs="+", help="Names of the ROS topic to listen to (e.g. '/chatter')"
        )
        parser.add_argument(
            "--window",
            "-w",
            dest="window_size",
            type=positive_int,
            default=DEFAULT_WINDOW,
            metavar="WINDOW",
            help="window size, in # of messages, for calculating rate (default: %(default)d)",
        )
        parser.add_argument(
            "--filter",
            dest="filter_expr",
            metavar="EXPR",
            help="only measure messages matching the specified Python expression; the message is 'm'",
        )
        parser.add_argument(
            "--wall-time", action="store_true", help="calculates rate using wall time instead of ROS time"
        )
        add_qos_arguments(parser, "subscribe", "sensor_data")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the rates every second until Ctrl-C."""
        with session(args) as node:
            meters = {topic: _measure(node, args, topic) for topic in args.topic_name}
            last_print = time.monotonic()
            while rclpy.ok():
                spin_slice(node)
                if time.monotonic() - last_print < 1.0:
                    continue
                last_print = time.monotonic()
                _print(meters)


def _print(meters: dict[str, RateMeter]) -> None:
    for topic, meter in meters.items():
        text = meter.report()
        if text is not None:
            echo(f"topic: {topic}\n{text}" if len(meters) > 1 else text)


def _measure(node: Any, args: argparse.Namespace, topic: str) -> RateMeter:
    """Subscribe to `topic`, waiting for it to appear, and return what measures it."""
    type_name = topic_type(node, topic, args.spin_time)
    if type_name is None:
        echo(f"WARNING: topic [{topic}] does not appear to be published yet", err=True)
    while type_name is None:
        if not rclpy.ok():
            raise CliError(f"'{topic}' did not appear")
        type_name = topic_type(node, topic, 1.0)
    name = full_topic_name(node, topic)
    meter = RateMeter(args.window_size)
    accepts = message_filter(args.filter_expr)
    clock = node.get_clock()

    def count(message: Any) -> None:
        if args.filter_expr is None or accepts(message):
            meter.add(time.time_ns() if args.wall_time else clock.now().nanoseconds)

    profile = subscription_profile(node, name, args)
    node.create_subscription(load_type(type_name, "msg"), name, count, profile, raw=args.filter_expr is None)
    return meter
