"""`ros2 interface list|package|packages|show`."""

from __future__ import annotations

import argparse
import sys

from dexora_ros2cli.definition import expand
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.output import echo
from dexora_ros2cli.types import interface_packages, interfaces_of

KINDS = (("msg", "Messages"), ("srv", "Services"), ("action", "Actions"))


class ListVerb:
    """List all interface types available."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("-m", "--only-msgs", action="store_true", help="Print out only the message types")
        parser.add_argument("-s", "--only-srvs", action="store_true", help="Print out only the service types")
        parser.add_argument(
            "-a", "--only-actions", action="store_true", help="Print out only the action types"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the types under one title for each kind."""
        only = {"msg": args.only_msgs, "srv": args.only_srvs, "action": args.only_actions}
        names = [f"{package}/{name}" for package in interface_packages() for name in interfaces_of(package)]
        for kind, title in KINDS:
            if any(only.values()) and not only[kind]:
                continue
            echo(f"{title}:")
            for name in names:
                if name.split("/")[1] == kind:
                    echo(f"    {name}")


class PackagesVerb:
    """Output a list of packages that provide interfaces."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    @staticmethod
    def main(_: argparse.Namespace) -> None:
        """Print one package per line."""
        for name in interface_packages():
            echo(name)


class PackageVerb:
    """Output a list of available interface types within one package."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("package_name", help="Name of the ROS package (e.g. 'std_msgs')")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print one type per line."""
        for name in interfaces_of(args.package_name):
            echo(f"{args.package_name}/{name}")


class ShowVerb:
    """Output the interface definition."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--all-comments", action="store_true", help="Show all comments, including for nested interfaces"
        )
        group.add_argument("--no-comments", action="store_true", help="Show no comments or whitespace")
        parser.add_argument(
            "type", help="Show an interface definition (e.g. 'std_msgs/msg/String'); '-' reads it from stdin"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the definition with the definitions of its parts indented below them."""
        name = sys.stdin.readline().strip() if args.type == "-" else args.type
        if not name:
            raise CliError("the passed value is empty")
        for line in expand(name, outer_comments=not args.no_comments, inner_comments=args.all_comments):
            echo(line)
