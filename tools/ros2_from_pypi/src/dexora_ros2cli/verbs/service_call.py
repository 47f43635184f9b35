"""`ros2 service call`."""

from __future__ import annotations

import argparse
import time
from typing import Any

import rclpy
from rclpy.node import Node

from dexora_ros2cli.call import wait_for_future
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import full_topic_name
from dexora_ros2cli.message_in import fill, parse_values
from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import positive_float, refuse_options
from dexora_ros2cli.session import SPIN_SLICE_S, session, spin_for
from dexora_ros2cli.types import load_type


class CallVerb:
    """Call a service."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("service_name", help="Name of the ROS service to call to (e.g. '/add_two_ints')")
        parser.add_argument("service_type", help="Type of the ROS service (e.g. 'std_srvs/srv/Empty')")
        parser.add_argument(
            "values",
            nargs="?",
            default="{}",
            help="Values to fill the service request with in YAML format (e.g. '{a: 1, b: 2}')",
        )
        parser.add_argument(
            "-r", "--rate", metavar="N", type=positive_float, help="Repeat the call at a specific rate in Hz"
        )
        refuse_options(parser, "--stdin", "--qos-profile", "--qos-reliability", "--qos-durability")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Call once, or again and again with --rate, and print request and response."""
        service_class = load_type(args.service_type, "srv")
        request = service_class.Request()
        fill(request, parse_values(args.values))
        with session(args) as node:
            name = full_topic_name(node, args.service_name, is_service=True)
            client: Any = node.create_client(service_class, name)
            if not client.service_is_ready():
                echo("waiting for service to become available...")
                while rclpy.ok() and not client.wait_for_service(timeout_sec=SPIN_SLICE_S):
                    pass
            _call_once(node, client, request)
            while args.rate is not None and rclpy.ok():
                spin_for(node, max(0.0, 1.0 / args.rate - _call_once(node, client, request)))


def _call_once(node: Node, client: Any, request: Any) -> float:
    """Call, print both sides, and return how long it took [s]."""
    start = time.monotonic()
    echo(f"requester: making request: {request!r}\n")
    future = client.call_async(request)
    wait_for_future(node, future)
    if not future.done():
        raise KeyboardInterrupt
    if future.exception() is not None:
        raise CliError(f"Exception while calling service: {future.exception()!r}")
    echo(f"response:\n{future.result()!r}\n")
    return time.monotonic() - start
