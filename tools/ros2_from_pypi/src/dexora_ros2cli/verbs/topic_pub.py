"""`ros2 topic pub`."""

from __future__ import annotations

import argparse
import time
from typing import Any

import rclpy
import yaml
from rclpy.node import Node

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import full_topic_name
from dexora_ros2cli.message_in import AUTO, NOW, fill, parse_values
from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import non_negative_float, non_negative_int, positive_float, refuse_options
from dexora_ros2cli.qos import add_qos_arguments, profile_from
from dexora_ros2cli.session import add_session_arguments, session, spin_for
from dexora_ros2cli.types import load_type


class PubVerb:
    """Publish a message to a topic."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("topic_name", help="Name of the ROS topic to publish to (e.g. '/chatter')")
        parser.add_argument("message_type", help="Type of the ROS message (e.g. 'std_msgs/msg/String')")
        parser.add_argument(
            "values",
            nargs="?",
            default="{}",
            help="Values to fill the message with in YAML format (e.g. 'data: Hello World'); a header may be "
            "'auto' and a time 'now'",
        )
        parser.add_argument(
            "-r",
            "--rate",
            metavar="N",
            type=positive_float,
            default=1.0,
            help="Publishing rate in Hz (default: 1)",
        )
        parser.add_argument(
            "-p", "--print", metavar="N", type=int, default=1, help="Only print every N-th published message"
        )
        _add_count_arguments(parser)
        parser.add_argument("-n", "--node-name", help="Name of the created publishing node")
        add_qos_arguments(parser, "publish", "default")
        refuse_options(parser, "--stdin", "--yaml-file")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Publish until Ctrl-C, --once or --times."""
        values = parse_values(args.values)
        message_class = load_type(args.message_type, "msg")
        times = 1 if args.once else args.times
        with session(args, args.node_name) as node:
            name = full_topic_name(node, args.topic_name)
            publisher = node.create_publisher(message_class, name, profile_from(args))
            message = message_class()
            fill(message, values)
            _wait_for_subscriptions(args, publisher, times)
            echo("publisher: beginning loop")
            _publish(node, args, publisher, lambda: _refreshed(message, message_class, values), times)
            spin_for(node, args.keep_alive)


def _add_count_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-1", "--once", action="store_true", help="Publish one message and exit")
    group.add_argument(
        "-t",
        "--times",
        type=non_negative_int,
        default=0,
        help="Publish this number of times and then exit (default: until Ctrl-C)",
    )
    parser.add_argument(
        "-w",
        "--wait-matching-subscriptions",
        type=non_negative_int,
        metavar="N",
        help="Wait until finding the specified number of matching subscriptions "
        "(default: 1 with --once and --times, else 0)",
    )
    parser.add_argument(
        "--max-wait-time-secs",
        type=positive_float,
        metavar="SECONDS",
        help="Give up waiting for subscriptions after this long (default: never)",
    )
    parser.add_argument(
        "--keep-alive",
        metavar="N",
        type=non_negative_float,
        default=0.1,
        help="Keep publishing node alive for N seconds after the last message (default: %(default)s)",
    )


def _wait_for_subscriptions(args: argparse.Namespace, publisher: Any, times: int) -> None:
    wanted = args.wait_matching_subscriptions
    if wanted is None:
        wanted = 1 if times else 0
    limit_s = args.max_wait_time_secs
    start = told = time.monotonic()
    if publisher.get_subscription_count() < wanted:
        echo(f"Waiting for at least {wanted} matching subscription(s)...")
    while rclpy.ok() and publisher.get_subscription_count() < wanted:
        now = time.monotonic()
        if limit_s is not None and now - start > limit_s:
            raise CliError(
                f"Timed out waiting for subscribers: Expected {wanted} subscribers but only got "
                f"{publisher.get_subscription_count()} subscribers"
            )
        if now - told > 1.0:
            told = now
            echo(f"Waiting for at least {wanted} matching subscription(s)...")
        time.sleep(0.02)


def _refreshed(message: Any, message_class: Any, values: dict[str, Any]) -> Any:
    """Return the message to send next: a new one only when its values name the present time."""
    text = yaml.safe_dump(values)
    if NOW not in text and AUTO not in text:
        return message
    fresh = message_class()
    fill(fresh, values)
    return fresh


def _publish(node: Node, args: argparse.Namespace, publisher: Any, make: Any, times: int) -> None:
    period_s = 1.0 / args.rate
    due = time.monotonic()
    count = 0
    while rclpy.ok() and (times == 0 or count < times):
        count += 1
        message = make()
        if args.print and count % args.print == 0:
            echo(f"publishing #{count}: {message!r}\n")
        publisher.publish(message)
        due += period_s
        if times == 0 or count < times:
            spin_for(node, due - time.monotonic())
