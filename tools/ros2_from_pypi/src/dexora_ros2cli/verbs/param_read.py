"""`ros2 param list|get|describe|dump`."""

from __future__ import annotations

import argparse
import re
from typing import Any

import yaml
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters
from rclpy.node import Node

from dexora_ros2cli.call import call
from dexora_ros2cli.discovery import wait_for_graph
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import find_node, node_names, services
from dexora_ros2cli.output import echo
from dexora_ros2cli.parameter_values import LABELS, nest, plain_value, raw_value, type_name
from dexora_ros2cli.parser import positive_float
from dexora_ros2cli.session import add_session_arguments, session


def add_node_arguments(parser: argparse.ArgumentParser, *, is_optional: bool = False) -> None:
    """Declare the node name and the options that all parameter verbs share."""
    add_session_arguments(parser)
    parser.add_argument("node_name", nargs="?" if is_optional else None, help="Name of the ROS node")
    parser.add_argument("--include-hidden-nodes", action="store_true", help="Consider hidden nodes as well")
    parser.add_argument(
        "--timeout",
        metavar="N",
        type=positive_float,
        default=5.0,
        help="Wait for N seconds for the node to answer (default %(default)s sec)",
    )


def list_names(node: Node, owner: str, timeout_s: float, prefixes: list[str] | None = None) -> list[str]:
    """Return the sorted names of the parameters of the node `owner`."""
    request = ListParameters.Request(prefixes=prefixes or [])
    response = call(node, ListParameters, f"{owner}/list_parameters", request, timeout_s)
    return sorted(response.result.names)


def _describe(node: Node, owner: str, names: list[str], timeout_s: float) -> list[Any]:
    request = DescribeParameters.Request(names=names)
    found: list[Any] = call(
        node, DescribeParameters, f"{owner}/describe_parameters", request, timeout_s
    ).descriptors
    return found


def _get(node: Node, owner: str, names: list[str], timeout_s: float) -> list[Any]:
    request = GetParameters.Request(names=names)
    found: list[Any] = call(node, GetParameters, f"{owner}/get_parameters", request, timeout_s).values
    return found


class ListVerb:
    """Output a list of available parameters."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_node_arguments(parser, is_optional=True)
        parser.add_argument(
            "--param-prefixes", nargs="+", default=[], help="Only list parameters with the provided prefixes"
        )
        parser.add_argument(
            "--param-type", action="store_true", help="Print parameter types with parameter names"
        )
        parser.add_argument("--filter", metavar="REGEX", help="Only list parameters whose name matches")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the parameters of one node, or of every node under its name."""
        with session(args) as node:
            for owner in _owners(node, args):
                try:
                    lines = _lines(node, owner, args)
                except CliError as error:
                    if args.node_name:
                        raise
                    echo(error, err=True)
                    continue
                if not args.node_name:
                    echo(f"{owner}:")
                for line in lines:
                    echo(f"  {line}")


def _owners(node: Node, args: argparse.Namespace) -> list[str]:
    """Return the full names of the nodes that are asked."""
    if args.node_name:
        return [find_node(node, args.node_name, args.spin_time).full_name]
    wait_for_graph(node, args.spin_time)
    offered = {name for name, _ in services(node, include_hidden=True)}
    names = {found.full_name for found in node_names(node, include_hidden=args.include_hidden_nodes)}
    return [name for name in sorted(names) if f"{name}/list_parameters" in offered]


def _lines(node: Node, owner: str, args: argparse.Namespace) -> list[str]:
    names = list_names(node, owner, args.timeout, args.param_prefixes)
    if args.filter:
        names = [name for name in names if re.match(args.filter, name)]
    if not args.param_type:
        return names
    return [
        f"{found.name} (type: {type_name(found.type)})"
        for found in _describe(node, owner, names, args.timeout)
    ]


class GetVerb:
    """Get parameter."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_node_arguments(parser)
        parser.add_argument("parameter_name", help="Name of the parameter")
        parser.add_argument("--hide-type", action="store_true", help="Hide the type information")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the value; an undeclared parameter is an error."""
        with session(args) as node:
            owner = find_node(node, args.node_name, args.spin_time).full_name
            values = _get(node, owner, [args.parameter_name], args.timeout)
        if not values:
            raise CliError("Parameter not set")
        label = LABELS.get(values[0].type, (f"Unknown parameter type '{values[0].type}'", ""))[0]
        value = raw_value(values[0])
        if args.hide_type:
            echo(value)
        else:
            echo(label if value is None else f"{label} {value}")


class DescribeVerb:
    """Show descriptive information about declared parameters."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_node_arguments(parser)
        parser.add_argument("parameter_names", nargs="+", help="Names of the parameters")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print name, type, description and constraints of each parameter."""
        with session(args) as node:
            owner = find_node(node, args.node_name, args.spin_time).full_name
            for found in _describe(node, owner, args.parameter_names, args.timeout):
                echo(_description(found))


def _description(found: Any) -> str:
    lines = [f"Parameter name: {found.name}", f"  Type: {type_name(found.type)}"]
    if found.description:
        lines.append(f"  Description: {found.description}")
    lines.append("  Constraints:")
    if found.read_only:
        lines.append("    Read only: true")
    for bounds in (*found.floating_point_range, *found.integer_range):
        lines += [f"    Min value: {bounds.from_value}", f"    Max value: {bounds.to_value}"]
        if bounds.step:
            lines.append(f"    Step: {bounds.step}")
    if found.additional_constraints:
        lines.append(f"    Additional constraints: {found.additional_constraints}")
    return "\n".join(lines)


class DumpVerb:
    """Show all of the parameters of a node in a YAML file format."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_node_arguments(parser)

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print a parameter file that sets the node up as it is now."""
        with session(args) as node:
            owner = find_node(node, args.node_name, args.spin_time).full_name
            names = list_names(node, owner, args.timeout)
            values = _get(node, owner, names, args.timeout)
        plain = {name: plain_value(value) for name, value in zip(names, values, strict=True)}
        echo(yaml.safe_dump({owner: {"ros__parameters": nest(plain)}}), end="")
