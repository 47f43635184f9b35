"""Starting, describing and finding launch files, as the original `ros2launch.api` offers it.

All arguments are keyword-only, as in the original.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription, LaunchService
from launch._subset import OutsideSubsetError, module_getattr
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import (
    AnyLaunchDescriptionSource,
    get_launch_description_from_any_launch_file,
)

__getattr__ = module_getattr(__name__)

_EXTENSIONS = ("launch.py", "launch.xml", "launch.yaml", "launch.yml")


class MultipleLaunchFilesError(Exception):
    """A package holds several launch files of the wanted name; `paths` lists them."""

    def __init__(self, msg: str, paths: Sequence[str]) -> None:
        super().__init__(msg)
        self.paths = list(paths)


def get_share_file_path_from_package(*, package_name: str, file_name: str) -> str:
    """Return the path of the launch file `file_name` in the share directory of `package_name`.

    Raises:
        ament_index_python.packages.PackageNotFoundError: the package is not installed.
        FileNotFoundError: the package has no such file.
        MultipleLaunchFilesError: it has several.
    """
    share = get_package_share_directory(package_name)
    paths = [str(Path(root) / file_name) for root, _, files in os.walk(share) if file_name in files]
    place = f"the share directory of package '{package_name}'"
    if not paths:
        raise FileNotFoundError(f"file '{file_name}' was not found in {place} which is at '{share}'")
    if len(paths) > 1:
        listed = ", ".join(f"'{path}'" for path in paths)
        raise MultipleLaunchFilesError(
            f"file '{file_name}' was found more than once in {place}: [{listed}]", paths
        )
    return paths[0]


def is_launch_file(path: str) -> bool:
    """Return whether the path is that of a launch file."""
    return path.endswith(_EXTENSIONS) and Path(path).is_file()


def get_launch_file_paths(*, path: str) -> list[str]:
    """Return the paths of all launch files below a directory."""
    found = [str(Path(root) / name) for root, _, files in os.walk(path) for name in files]
    return [candidate for candidate in found if is_launch_file(candidate)]


def _format_argument(argument: DeclareLaunchArgument) -> str:
    mark = "*" if argument._conditionally_included else ""
    lines = [f"\n    '{argument.name}':{mark}", f"        {argument.description}"]
    if argument.default_value is not None:
        default = " + ".join(part.describe() for part in argument.default_value)
        lines.append(f"        (default: {default})")
    return "\n".join(lines)


def print_arguments_of_launch_description(*, launch_description: LaunchDescription) -> None:
    """Print the arguments of a launch description to standard output."""
    arguments = launch_description.get_launch_arguments()
    lines = ["Arguments (pass arguments as '<name>:=<value>'):"]
    lines += [_format_argument(argument) for argument in arguments]
    if any(argument._conditionally_included for argument in arguments):
        lines.append("\n* argument(s) which are only used if specific conditions occur")
    if not arguments:
        lines.append("\n  No arguments.")
    sys.stdout.write("\n".join(lines) + "\n")


def print_arguments_of_launch_file(*, launch_file_path: str) -> None:
    """Print the arguments of a launch file to standard output (`ros2 launch --show-args`).

    Raises:
        Exception: whatever loading the launch file raises.
    """
    description = get_launch_description_from_any_launch_file(launch_file_path)
    print_arguments_of_launch_description(launch_description=description)


def parse_launch_arguments(launch_arguments: Sequence[str]) -> list[tuple[str, str]]:
    """Split `name:=value` into name and value; of several values of a name the last one counts.

    Raises:
        RuntimeError: an argument is not of that form.
    """
    parsed: dict[str, str] = {}
    for argument in launch_arguments:
        name, separator, value = argument.partition(":=")
        if not separator or not name or not value:
            raise RuntimeError(f"malformed launch argument '{argument}', expected format '<name>:=<value>'")
        parsed[name] = value
    return list(parsed.items())


def launch_a_launch_file(
    *,
    launch_file_path: str,
    launch_file_arguments: Sequence[str],
    noninteractive: bool = False,
    debug: bool = False,
    args: Any = None,
    option_extensions: Mapping[str, Any] | None = None,
) -> int:
    """Run a launch file until everything it started has ended.

    Args:
        launch_file_path: the file.
        launch_file_arguments: texts of the form `name:=value`.
        noninteractive: no terminal is attached (the original passes `not sys.stdin.isatty()`), so that
            nobody else sends SIGINT to the processes.
        debug: log DEBUG lines too.
        args: accepted for the original's signature, unused.
        option_extensions: accepted for the original's signature, must be empty.

    Returns:
        The exit code of `ros2 launch`: 0, or 1 when launching failed.

    Raises:
        RuntimeError: an argument is not of the form `name:=value`.
        OutsideSubsetError: `option_extensions` is not empty.
    """
    del args
    if option_extensions:
        raise OutsideSubsetError("ros2launch option extensions")
    service = LaunchService(argv=launch_file_arguments, noninteractive=noninteractive, debug=debug)
    include = IncludeLaunchDescription(
        AnyLaunchDescriptionSource(launch_file_path),
        launch_arguments=parse_launch_arguments(launch_file_arguments),
    )
    service.include_launch_description(LaunchDescription([include]))
    return service.run()
