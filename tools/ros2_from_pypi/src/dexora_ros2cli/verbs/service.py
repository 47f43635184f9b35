"""`ros2 service list|type`."""

from __future__ import annotations

import argparse

from dexora_ros2cli.discovery import wait_for
from dexora_ros2cli.graph import services
from dexora_ros2cli.output import echo
from dexora_ros2cli.session import add_session_arguments, graph_session, session


class ListVerb:
    """Output a list of available services."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument(
            "-t", "--show-types", action="store_true", help="Additionally show the service type"
        )
        parser.add_argument(
            "-c",
            "--count-services",
            action="store_true",
            help="Only display the number of services discovered",
        )
        parser.add_argument(
            "--include-hidden-services",
            "-a",
            "--all",
            action="store_true",
            help="Consider hidden services as well",
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print one service per line."""
        with graph_session(args) as node:
            found = services(node, include_hidden=args.include_hidden_services)
        if args.count_services:
            echo(len(found))
            return
        for name, types in found:
            echo(f"{name} [{', '.join(types)}]" if args.show_types else name)


class TypeVerb:
    """Output a service's type."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument(
            "service_name", help="Name of the ROS service to get type (e.g. '/talker/list_parameters')"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> int:
        """Print the type; exit code 1 when the service is unknown."""
        name = args.service_name if args.service_name.startswith("/") else f"/{args.service_name}"
        with session(args) as node:
            wait_for(node, lambda: name in dict(services(node, include_hidden=True)), args.spin_time)
            types = dict(services(node, include_hidden=True)).get(name, [])
        for type_name in types:
            echo(type_name)
        return 0 if types else 1
