"""Names in the ROS graph: nodes, topics, services, and which of them are hidden."""

from __future__ import annotations

from typing import NamedTuple

import rclpy.exceptions
from rclpy.expand_topic_name import expand_topic_name
from rclpy.node import Node
from rclpy.validate_full_topic_name import validate_full_topic_name

from dexora_ros2cli.discovery import wait_for
from dexora_ros2cli.errors import CliError


class NodeName(NamedTuple):
    """A node of the graph, ordered by its full name."""

    full_name: str
    name: str
    namespace: str


NamesAndTypes = list[tuple[str, list[str]]]


def is_hidden(name: str) -> bool:
    """Return whether a topic, service or action name has a part that begins with an underscore."""
    return any(part.startswith("_") for part in name.split("/"))


def node_names(node: Node, *, include_hidden: bool = False) -> list[NodeName]:
    """Return all nodes, sorted by full name; duplicates stay in."""
    found = []
    for name, namespace in node.get_node_names_and_namespaces():
        if name.startswith("_") and not include_hidden:
            continue
        found.append(NodeName(f"{namespace.rstrip('/')}/{name}", name, namespace))
    return sorted(found)


def absolute_node_name(name: str) -> str:
    """Return `name` with the leading slash that users may leave out."""
    return name if name.startswith("/") else f"/{name}"


def find_node(node: Node, name: str, spin_time_s: float | None) -> NodeName:
    """Return the node called `name`, waiting for discovery.

    Raises:
        CliError: there is none.
    """
    wanted = absolute_node_name(name)

    def matches() -> list[NodeName]:
        return [found for found in node_names(node, include_hidden=True) if found.full_name == wanted]

    if not wait_for(node, lambda: bool(matches()), spin_time_s):
        raise CliError("Node not found")
    return matches()[0]


def topics(node: Node, *, include_hidden: bool = False) -> NamesAndTypes:
    """Return topics and their types, sorted by name."""
    return _visible(node.get_topic_names_and_types(), include_hidden=include_hidden)


def services(node: Node, *, include_hidden: bool = False) -> NamesAndTypes:
    """Return services and their types, sorted by name."""
    return _visible(node.get_service_names_and_types(), include_hidden=include_hidden)


def _visible(names: NamesAndTypes, *, include_hidden: bool) -> NamesAndTypes:
    return sorted((name, types) for name, types in names if include_hidden or not is_hidden(name))


def full_topic_name(node: Node, name: str, *, is_service: bool = False) -> str:
    """Return the absolute form of a topic name (or of a service or action name) as the user typed it.

    Raises:
        CliError: it is not a valid name.
    """
    try:
        expanded: str = expand_topic_name(name, node.get_name(), node.get_namespace())
        validate_full_topic_name(expanded, is_service=is_service)
    except (ValueError, rclpy.exceptions.NameValidationException) as error:
        raise CliError(str(error)) from error
    return expanded


def topic_type(node: Node, name: str, spin_time_s: float | None) -> str | None:
    """Return the type of a topic, waiting for discovery; None if nobody publishes or reads it.

    Raises:
        CliError: the topic has several types.
    """
    wanted = full_topic_name(node, name)

    def types() -> list[str]:
        return dict(node.get_topic_names_and_types()).get(wanted, [])

    wait_for(node, lambda: bool(types()), spin_time_s)
    found = types()
    if len(found) > 1:
        raise CliError(f"Cannot echo topic '{name}', as it contains more than one type: [{', '.join(found)}]")
    return found[0] if found else None
