"""`ros2 launch`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch._subset import OutsideSubsetError
from ros2launch.api import (
    MultipleLaunchFilesError,
    get_share_file_path_from_package,
    launch_a_launch_file,
    print_arguments_of_launch_file,
)

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.parser import refuse_options


class LaunchCommand:
    """Run a launch file."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "-n",
            "--noninteractive",
            default=not sys.stdin.isatty(),
            action="store_true",
            help="Run the launch system non-interactively, with no terminal associated",
        )
        parser.add_argument("-d", "--debug", action="store_true", help="Put the launch system in debug mode")
        parser.add_argument(
            "-s",
            "--show-args",
            "--show-arguments",
            action="store_true",
            help="Show arguments that may be given to the launch file",
        )
        parser.add_argument(
            "-a",
            "--show-all-subprocesses-output",
            action="store_true",
            help="Show all launched subprocesses' output by overriding their output configuration",
        )
        refuse_options(
            parser, "-p", "--print", "--print-description", "--launch-prefix", "--launch-prefix-filter"
        )
        parser.add_argument("package_name", help="Name of the ROS package which contains the launch file")
        parser.add_argument("launch_file_name", nargs="?", help="Name of the launch file")
        parser.add_argument(
            "launch_arguments",
            nargs="*",
            help="Arguments to the launch file; '<name>:=<value>' (for duplicates, last one wins)",
        )

    @staticmethod
    def main(args: argparse.Namespace) -> int:
        """Find the launch file and run it, or show its arguments."""
        path, arguments = _locate(args)
        if args.show_all_subprocesses_output:
            os.environ["OVERRIDE_LAUNCH_PROCESS_OUTPUT"] = "both"
        try:
            if args.show_args:
                print_arguments_of_launch_file(launch_file_path=path)
                return 0
            return launch_a_launch_file(
                launch_file_path=path,
                launch_file_arguments=arguments,
                noninteractive=args.noninteractive,
                debug=args.debug,
            )
        except (RuntimeError, OutsideSubsetError) as error:
            raise CliError(str(error)) from error


def _locate(args: argparse.Namespace) -> tuple[str, list[str]]:
    """Return the path of the launch file and its arguments: `package file args` or `path args`."""
    name, second = args.package_name, args.launch_file_name
    if second is not None and _is_package(name):
        return _in_package(name, second), args.launch_arguments
    if Path(name).is_file():
        return name, [*([second] if second is not None else []), *args.launch_arguments]
    if second is None:
        raise CliError(
            f"No launch file supplied: '{name}' is not a file; give a package and a file, or a path"
        )
    return _in_package(name, second), args.launch_arguments


def _is_package(name: str) -> bool:
    try:
        get_package_prefix(name)
    except (PackageNotFoundError, ValueError):
        return False
    return True


def _in_package(package: str, file_name: str) -> str:
    try:
        return get_share_file_path_from_package(package_name=package, file_name=file_name)
    except (PackageNotFoundError, ValueError) as error:
        raise CliError(f"Package '{package}' not found: {error}") from error
    except (FileNotFoundError, MultipleLaunchFilesError) as error:
        raise CliError(str(error)) from error
