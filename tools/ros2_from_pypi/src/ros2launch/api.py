"""Starting, describing and finding launch files, as the original `ros2launch.api` offers it.

All arguments are keyword-only, as in the original.
"""

from __future__ import annotations

from collections.abc import Sequence


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
    raise NotImplementedError


def print_arguments_of_launch_file(*, launch_file_path: str) -> None:
    """Print the arguments of a launch file to standard output (`ros2 launch --show-args`)."""
    raise NotImplementedError


def launch_a_launch_file(
    *,
    launch_file_path: str,
    launch_file_arguments: Sequence[str],
    noninteractive: bool = False,
    debug: bool = False,
    args: object = None,
    option_extensions: dict | None = None,
) -> int:
    """Run a launch file until everything it started has ended.

    Args:
        launch_file_path: the file.
        launch_file_arguments: strings of the form `name:=value`.
        noninteractive: no terminal input is available to the processes.
        debug: put the launch system into debug mode (its log prints DEBUG lines).
        args: accepted for the original's signature, unused.
        option_extensions: accepted for the original's signature, must be empty.

    Returns:
        The exit code of `ros2 launch`: 0, or 1 when launching failed.

    Raises:
        RuntimeError: an argument is not of the form `name:=value`.
    """
    raise NotImplementedError
