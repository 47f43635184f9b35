"""`ros2 action list|info`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from rclpy.action.graph import (
    get_action_client_names_and_types_by_node,
    get_action_names_and_types,
    get_action_server_names_and_types_by_node,
)
from rclpy.node import Node

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import NamesAndTypes, node_names
from dexora_ros2cli.output import echo
from dexora_ros2cli.session import add_session_arguments, graph_session


class ListVerb:
    """Output a list of action names."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument(
            "-t", "--show-types", action="store_true", help="Additionally show the action type"
        )
        parser.add_argument(
            "-c", "--count-actions", action="store_true", help="Only display the number of actions"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print one action per line."""
        with graph_session(args) as node:
            found = sorted(get_action_names_and_types(node))
        if args.count_actions:
            echo(len(found))
            return
        for name, types in found:
            echo(f"{name} [{', '.join(types)}]" if args.show_types else name)


class InfoVerb:
    """Print information about an action."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("action_name", help="Name of the ROS action to get info (e.g. '/fibonacci')")
        parser.add_argument(
            "-t", "--show-types", action="store_true", help="Additionally show the action type"
        )
        parser.add_argument(
            "-c", "--count", action="store_true", help="Only display the number of action clients and servers"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print who serves and who uses the action."""
        with graph_session(args) as node:
            known = dict(get_action_names_and_types(node))
            if args.action_name not in known:
                raise CliError(f"Unknown action '{args.action_name}'")
            clients = _users(node, args.action_name, get_action_client_names_and_types_by_node)
            servers = _users(node, args.action_name, get_action_server_names_and_types_by_node)
        echo(f"Action: {args.action_name}")
        for title, users in (("Action clients", clients), ("Action servers", servers)):
            echo(f"{title}: {len(users)}")
            for name, types in users if not args.count else []:
                echo(f"    {name} [{', '.join(types)}]" if args.show_types else f"    {name}")


def _users(
    node: Node, action: str, query: Callable[[Node, str, str], NamesAndTypes]
) -> list[tuple[str, list[str]]]:
    """Return the nodes that have `action` according to `query`, with its types."""
    users = []
    for found in node_names(node, include_hidden=True):
        types = dict(query(node, found.name, found.namespace)).get(action)
        if types:
            users.append((found.full_name, types))
    return users
