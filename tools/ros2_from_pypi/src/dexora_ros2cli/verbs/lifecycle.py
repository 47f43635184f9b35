"""`ros2 lifecycle nodes|get|list|set`."""

from __future__ import annotations

import argparse

from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
from rclpy.node import Node

from dexora_ros2cli.call import call
from dexora_ros2cli.discovery import wait_for, wait_for_graph
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import absolute_node_name, services
from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import positive_float
from dexora_ros2cli.session import add_session_arguments, session

STATE_SERVICE = "/get_state"
STATE_TYPE = "lifecycle_msgs/srv/GetState"
# Loading a model in a transition takes its time.
CHANGE_TIMEOUT_S = 120.0


def lifecycle_nodes(node: Node, *, include_hidden: bool = False) -> list[str]:
    """Return the full names of all nodes that have a lifecycle, sorted."""
    offered = services(node, include_hidden=include_hidden)
    return [
        name.removesuffix(STATE_SERVICE)
        for name, types in offered
        if name.endswith(STATE_SERVICE) and STATE_TYPE in types
    ]


def _find(node: Node, args: argparse.Namespace) -> str:
    wanted = absolute_node_name(args.node_name)
    if not wait_for(node, lambda: wanted in lifecycle_nodes(node, include_hidden=True), args.spin_time):
        raise CliError("Node not found")
    return wanted


def _add_node_arguments(parser: argparse.ArgumentParser, *, is_optional: bool = False) -> None:
    add_session_arguments(parser)
    parser.add_argument("node_name", nargs="?" if is_optional else None, help="Name of the ROS node")
    parser.add_argument(
        "--include-hidden-nodes", "-a", "--all", action="store_true", help="Consider hidden nodes as well"
    )


class NodesVerb:
    """Output a list of nodes with lifecycle."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_session_arguments(parser)
        parser.add_argument("-a", "--all", action="store_true", help="Display all nodes even hidden ones")
        parser.add_argument(
            "-c", "--count-nodes", action="store_true", help="Only display the number of nodes"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print one node per line."""
        with session(args) as node:
            wait_for_graph(node, args.spin_time)
            names = lifecycle_nodes(node, include_hidden=args.all)
        for line in [len(names)] if args.count_nodes else names:
            echo(line)


class GetVerb:
    """Get lifecycle state for one or more nodes."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        _add_node_arguments(parser, is_optional=True)
        parser.add_argument(
            "--timeout",
            metavar="N",
            type=positive_float,
            default=5.0,
            help="Wait for N seconds for the answer",
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the state of one node, or of every node after its name."""
        with session(args) as node:
            if args.node_name:
                echo(_state(node, _find(node, args), args.timeout))
                return
            wait_for_graph(node, args.spin_time)
            for name in lifecycle_nodes(node, include_hidden=args.include_hidden_nodes):
                _echo_state(node, name, args.timeout)


def _echo_state(node: Node, name: str, timeout_s: float) -> None:
    try:
        echo(f"{name}: {_state(node, name, timeout_s)}")
    except CliError as error:
        echo(error, err=True)


def _state(node: Node, name: str, timeout_s: float) -> str:
    state = call(node, GetState, f"{name}{STATE_SERVICE}", GetState.Request(), timeout_s).current_state
    return f"{state.label} [{state.id}]"


def _transitions(node: Node, name: str) -> list:
    request = GetAvailableTransitions.Request()
    found: list = call(
        node, GetAvailableTransitions, f"{name}/get_available_transitions", request
    ).available_transitions
    return found


class ListVerb:
    """Output a list of available transitions."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        _add_node_arguments(parser)

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print each transition with the states it leads from and to."""
        with session(args) as node:
            for found in _transitions(node, _find(node, args)):
                echo(f"- {found.transition.label} [{found.transition.id}]")
                echo(f"\tStart: {found.start_state.label}\n\tGoal: {found.goal_state.label}")


class SetVerb:
    """Trigger lifecycle state transition."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        _add_node_arguments(parser)
        parser.add_argument("transition", help="The lifecycle transition: a label or an id")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Trigger the transition and print whether the node went along."""
        with session(args) as node:
            name = _find(node, args)
            offered = [found.transition for found in _transitions(node, name)]
            chosen = [t for t in offered if t.label == args.transition] or [
                t for t in offered if str(t.id) == args.transition
            ]
            if not chosen:
                known = "".join(f"\n- {t.label} [{t.id}]" for t in offered)
                raise CliError(f"Unknown transition requested, available ones are:{known}")
            request = ChangeState.Request(transition=chosen[0])
            response = call(node, ChangeState, f"{name}/change_state", request, CHANGE_TIMEOUT_S)
        if response.success:
            echo("Transitioning successful")
        else:
            echo("Transitioning failed", err=True)
