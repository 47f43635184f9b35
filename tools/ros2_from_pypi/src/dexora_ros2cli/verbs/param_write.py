"""`ros2 param set`."""

from __future__ import annotations

import argparse

from rcl_interfaces.msg import Parameter
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import get_parameter_value

from dexora_ros2cli.call import call
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import find_node
from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import refuse_options
from dexora_ros2cli.session import session
from dexora_ros2cli.verbs.param_read import add_node_arguments


class SetVerb:
    """Set parameter."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_node_arguments(parser)
        parser.add_argument(
            "params_and_values",
            nargs="+",
            metavar="name value",
            help="Parameter name and value pair(s): name value [name value ...]",
        )
        refuse_options(parser, "--atomic")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Set each parameter and print the node's answer; exit code 0 also when the node refuses."""
        words = args.params_and_values
        if len(words) % 2:
            raise CliError(
                "Parameters must be provided as name/value pairs: name value [name value ...]. "
                f"Got {len(words)} argument(s)."
            )
        names, values = words[::2], words[1::2]
        request = SetParameters.Request(
            parameters=[
                Parameter(name=name, value=get_parameter_value(value))
                for name, value in zip(names, values, strict=True)
            ]
        )
        with session(args) as node:
            owner = find_node(node, args.node_name, args.spin_time).full_name
            results = call(node, SetParameters, f"{owner}/set_parameters", request, args.timeout).results
        for name, result in zip(names, results, strict=True):
            said = "Set parameter successful" if result.successful else "Setting parameter failed"
            prefix = f"{name}: " if len(names) > 1 else ""
            reason = f": {result.reason}" if result.reason else ""
            echo(f"{prefix}{said}{reason}", err=not result.successful)
