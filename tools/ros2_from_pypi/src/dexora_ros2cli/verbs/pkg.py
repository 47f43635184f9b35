"""`ros2 pkg list|prefix|executables`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ament_index_python.packages import get_package_share_directory, get_packages_with_prefixes

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.executables import executables_of, prefix_of
from dexora_ros2cli.output import echo


class ListVerb:
    """Output a list of available packages."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    @staticmethod
    def main(_: argparse.Namespace) -> None:
        """Print one package per line."""
        for name in sorted(get_packages_with_prefixes()):
            echo(name)


class PrefixVerb:
    """Output the prefix path of a package."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("package_name", help="The package name")
        parser.add_argument("--share", action="store_true", help="Show share directory for the package")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the prefix, or the share directory below it."""
        prefix = prefix_of(args.package_name)
        if prefix is None:
            raise CliError("Package not found")
        echo(get_package_share_directory(args.package_name) if args.share else prefix)


class ExecutablesVerb:
    """Output a list of package specific executables."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("package_name", nargs="?", help="The package name (default: all packages)")
        parser.add_argument(
            "--full-path", action="store_true", help="Show the absolute path instead of the names"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print package and executable, one pair per line."""
        names = [args.package_name] if args.package_name else sorted(get_packages_with_prefixes())
        for name in names:
            if prefix_of(name) is None:
                raise CliError("Package not found")
            for path in executables_of(name):
                echo(path if args.full_path else f"{name} {Path(path).name}")
