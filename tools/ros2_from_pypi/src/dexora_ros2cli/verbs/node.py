"""`ros2 node list|info`."""

from __future__ import annotations

import argparse
from collections import Counter

from rclpy.action.graph import (
    get_action_client_names_and_types_by_node,
    get_action_server_names_and_types_by_node,
)
from rclpy.node import Node

from dexora_ros2cli.discovery import wait_for_graph
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import NamesAndTypes, NodeName, find_node, is_hidden, node_names
from dexora_ros2cli.output import echo, warn
from dexora_ros2cli.session import add_session_arguments, graph_session, session


class ListVerb:
    """Output a list of available nodes."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("-a", "--all", action="store_true", help="Display all nodes even hidden ones")
        parser.add_argument(
            "-c", "--count-nodes", action="store_true", help="Only display the number of nodes discovered"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print one node per line."""
        with graph_session(args) as node:
            names = [found.full_name for found in node_names(node, include_hidden=args.all)]
        if args.count_nodes:
            echo(len(names))
            return
        if any(count > 1 for count in Counter(names).values()):
            warn(
                "Be aware that there are nodes in the graph that share an exact name, "
                "which can have unintended side effects."
            )
        for name in names:
            echo(name)


class InfoVerb:
    """Output information about a node."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("node_name", help="Node name to request information")
        parser.add_argument(
            "--include-hidden",
            action="store_true",
            help="Display hidden topics, services, and actions as well",
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the node's endpoints, one per line, in six groups."""
        with session(args) as node:
            try:
                found = find_node(node, args.node_name, args.spin_time)
            except CliError as error:
                raise CliError(f"Unable to find node '{args.node_name}'") from error
            wait_for_graph(node, args.spin_time)
            same = sum(other == found for other in node_names(node, include_hidden=True))
            if same > 1:
                echo(
                    f"There are {same} nodes in the graph with the exact name '{found.full_name}'. "
                    "You are seeing information about only one of them."
                )
            echo(found.full_name)
            for title, names in _endpoints(node, found):
                echo(f"  {title}:")
                shown = [
                    (name, types)
                    for name, types in sorted(names)
                    if args.include_hidden or not is_hidden(name)
                ]
                echo("\n".join(f"    {name}: {', '.join(types)}" for name, types in shown))


def _endpoints(node: Node, found: NodeName) -> list[tuple[str, NamesAndTypes]]:
    name, space = found.name, found.namespace
    return [
        ("Subscribers", node.get_subscriber_names_and_types_by_node(name, space)),
        ("Publishers", node.get_publisher_names_and_types_by_node(name, space)),
        ("Service Servers", node.get_service_names_and_types_by_node(name, space)),
        ("Service Clients", node.get_client_names_and_types_by_node(name, space)),
        ("Action Servers", get_action_server_names_and_types_by_node(node, name, space)),
        ("Action Clients", get_action_client_names_and_types_by_node(node, name, space)),
    ]
