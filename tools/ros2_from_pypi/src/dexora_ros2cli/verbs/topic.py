"""`ros2 topic list|info|type`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import NamesAndTypes, full_topic_name, topic_type, topics
from dexora_ros2cli.output import echo
from dexora_ros2cli.session import add_session_arguments, graph_session, session


class ListVerb:
    """Output a list of available topics."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument(
            "-t", "--show-types", action="store_true", help="Additionally show the topic type"
        )
        parser.add_argument(
            "-c",
            "--count-topics",
            "--count",
            action="store_true",
            help="Only display the number of topics discovered",
        )
        parser.add_argument(
            "--include-hidden-topics",
            "-a",
            "--all",
            action="store_true",
            help="Consider hidden topics as well",
        )
        parser.add_argument("-v", "--verbose", action="store_true", help="List full details about each topic")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print one topic per line."""
        with graph_session(args) as node:
            found = topics(node, include_hidden=args.include_hidden_topics)
            if args.count_topics:
                echo(len(found))
            elif args.verbose:
                echo(_counts(found, "Published", "publisher", node.count_publishers))
                echo(_counts(found, "Subscribed", "subscriber", node.count_subscribers))
            else:
                for name, types in found:
                    echo(f"{name} [{', '.join(types)}]" if args.show_types else name)


def _counts(found: NamesAndTypes, title: str, word: str, count: Callable[[str], int]) -> str:
    """Return the block of topics that have at least one endpoint of a kind."""
    lines = [f"{title} topics:"]
    for name, types in found:
        number = count(name)
        if number:
            lines.append(f" * {name} [{', '.join(types)}] {number} {word}{'s' if number > 1 else ''}")
    return "\n".join(lines) + "\n"


class InfoVerb:
    """Print information about a topic."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("topic_name", help="Name of the ROS topic to get info (e.g. '/chatter')")
        parser.add_argument(
            "--verbose",
            "-v",
            action="store_true",
            help="Prints detailed information like the node name, node namespace, topic type, "
            "type hash, GUID and QoS Profile of the publishers and subscribers to this topic",
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print type and number of endpoints, and with -v each endpoint."""
        with graph_session(args) as node:
            name = full_topic_name(node, args.topic_name)
            types = dict(topics(node, include_hidden=True)).get(name)
            if types is None:
                raise CliError(f"Unknown topic '{args.topic_name}'")
            blank = "\n" if args.verbose else ""
            echo(f"Type: {types[0] if len(types) == 1 else types}", end=f"\n{blank}")
            echo(f"Publisher count: {node.count_publishers(name)}", end=f"\n{blank}")
            _echo_endpoints(args.verbose, node.get_publishers_info_by_topic(name))
            echo(f"Subscription count: {node.count_subscribers(name)}", end=f"\n{blank}")
            _echo_endpoints(args.verbose, node.get_subscriptions_info_by_topic(name))


def _echo_endpoints(is_verbose: bool, endpoints: list) -> None:
    for endpoint in endpoints if is_verbose else []:
        echo(f"{endpoint}\n")


class TypeVerb:
    """Print a topic's type."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("topic_name", help="Name of the ROS topic to get type (e.g. '/chatter')")

    @staticmethod
    def main(args: argparse.Namespace) -> int:
        """Print the type; exit code 1 when the topic is unknown."""
        with session(args) as node:
            found = topic_type(node, args.topic_name, args.spin_time)
        if found is None:
            return 1
        echo(found)
        return 0
