"""`ros2 topic echo`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import rclpy
import yaml
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.field import field_reader
from dexora_ros2cli.graph import full_topic_name, topic_type
from dexora_ros2cli.message_out import DEFAULT_TRUNCATE_LENGTH, Style, is_message, to_csv, to_yaml
from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import non_negative_int, positive_float
from dexora_ros2cli.qos import add_qos_arguments, subscription_profile
from dexora_ros2cli.session import add_session_arguments, session, spin_slice
from dexora_ros2cli.types import load_type

SEPARATOR = "---\n"


class EchoVerb:
    """Output messages from a topic."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("topic_name", help="Name of the ROS topic to listen to (e.g. '/chatter')")
        parser.add_argument(
            "message_type", nargs="?", help="Type of the ROS message (e.g. 'std_msgs/msg/String')"
        )
        add_qos_arguments(parser, "subscribe", "sensor_data")
        parser.add_argument(
            "--csv",
            action="store_true",
            help="Output all recursive fields separated by commas (e.g. for plotting)",
        )
        parser.add_argument(
            "--field",
            metavar="PATH",
            help="Echo a selected field of a message, e.g. 'pose.position.x' or 'position[0]'",
        )
        _add_style_arguments(parser)
        _add_flow_arguments(parser)

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print messages until Ctrl-C, --once or --timeout."""
        with session(args) as node:
            printer = Printer(args, node)
            _listen(node, args, printer)


def _add_style_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--full-length", "-f", action="store_true", help="Output all elements for arrays, bytes, and string"
    )
    parser.add_argument(
        "--truncate-length",
        "-l",
        type=non_negative_int,
        default=DEFAULT_TRUNCATE_LENGTH,
        help="The length to truncate arrays, bytes, and string to (default: %(default)d)",
    )
    parser.add_argument("--no-arr", action="store_true", help="Don't print array fields of messages")
    parser.add_argument("--no-str", action="store_true", help="Don't print string fields of messages")
    parser.add_argument("--flow-style", action="store_true", help="Print collections in the block style")
    parser.add_argument("--raw", action="store_true", help="Echo the raw binary representation")
    parser.add_argument("--include-message-info", "-i", action="store_true", help="Shows the message info")


def _add_flow_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="Print the first message received and then exit")
    parser.add_argument(
        "--timeout",
        metavar="N",
        type=positive_float,
        help="Set a timeout in seconds for waiting for messages",
    )
    parser.add_argument(
        "--filter",
        dest="filter_expr",
        metavar="EXPR",
        help="Python expression to filter messages that are printed; the message is 'm'",
    )
    parser.add_argument("--lost-messages", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--no-lost-messages", action="store_true", help="Don't report when a message is lost")


class Printer:
    """Prints what the options select of every message, and knows when one was printed."""

    def __init__(self, args: argparse.Namespace, node: Node) -> None:
        self._args = args
        self._clock = node.get_clock()
        self._style = Style(
            truncate_length=None if args.full_length else args.truncate_length,
            no_arr=args.no_arr,
            no_str=args.no_str,
            flow=args.flow_style,
        )
        self._select = field_reader(args.field) if args.field else None
        self._accepts = message_filter(args.filter_expr)
        self.is_done = False
        self.error: CliError | None = None

    def __call__(self, message: Any, info: Any) -> None:
        """Print one message; called by the middleware."""
        try:
            if (self._args.once and self.is_done) or not (self._args.raw or self._accepts(message)):
                return
            self._print(message if self._select is None else self._select(message), info)
        except CliError as error:
            self.error = error
        self.is_done = True

    def _print(self, part: Any, info: Any) -> None:
        if self._args.csv:
            head = ",".join(map(str, info.values())) + "," if self._args.include_message_info else ""
            echo(head + (to_csv(part, self._style) if is_message(part) else str(part)))
            return
        if self._args.include_message_info:
            echo(yaml.safe_dump(_printable(info), sort_keys=False), end=SEPARATOR)
        echo(to_yaml(part, self._style) if is_message(part) else f"{part}\n", end=SEPARATOR)


def _printable(info: Any) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, dict) else value for key, value in info.items()}


def message_filter(expression: str | None) -> Callable[[Any], bool]:
    """Return a test for messages from the user's own Python expression over `m`.

    Raises:
        CliError: the expression cannot be parsed.
    """
    if expression is None:
        return lambda message: True
    try:
        code = compile(expression, "<filter>", "eval")
    except SyntaxError as error:
        raise CliError(f"The filter '{expression}' is not a Python expression: {error.msg}") from error
    return lambda message: bool(eval(code, {"m": message}))  # noqa: S307 - typed by the user for this very purpose


def _message_type(node: Node, args: argparse.Namespace) -> Any:
    name = args.message_type or topic_type(node, args.topic_name, args.spin_time)
    if name is None:
        echo(f"WARNING: topic [{args.topic_name}] does not appear to be published yet", err=True)
        raise CliError("Could not determine the type for the passed topic")
    if args.message_type:  # the offered quality of service is needed all the same
        topic_type(node, args.topic_name, args.spin_time)
    return load_type(name, "msg")


def _listen(node: Node, args: argparse.Namespace, printer: Printer) -> None:
    message_type = _message_type(node, args)
    if args.field:
        field_reader(args.field)(message_type())  # a wrong field is an error before the first message
    topic = full_topic_name(node, args.topic_name)
    profile = subscription_profile(node, topic, args)
    node.create_subscription(
        message_type, topic, printer, profile, raw=args.raw, event_callbacks=_events(args)
    )
    end = None if args.timeout is None else time.monotonic() + args.timeout
    while rclpy.ok():
        spin_slice(node)
        if printer.error is not None:
            raise printer.error
        if args.once and printer.is_done:
            return
        if end is not None and time.monotonic() > end:
            if printer.is_done:
                return
            raise CliError(f"No message on '{topic}' within {args.timeout:g} s")


def _events(args: argparse.Namespace) -> SubscriptionEventCallbacks | None:
    if args.no_lost_messages:
        return None

    def report(event: Any) -> None:
        echo(f"A message was lost!!!\n\ttotal count change:{event.total_count_change}", err=True)
        echo(f"\ttotal count: {event.total_count}", end=f"\n{SEPARATOR}", err=True)

    return SubscriptionEventCallbacks(message_lost=report)
