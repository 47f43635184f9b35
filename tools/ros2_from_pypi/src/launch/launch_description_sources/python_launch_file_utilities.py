"""Loading launch files in Python."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

from ..launch_description import LaunchDescription

_FUNCTION = "generate_launch_description"


class InvalidPythonLaunchFileError(Exception):
    """A Python file is no launch file."""


def load_python_launch_file_as_module(python_launch_file_path: str) -> ModuleType:
    """Load a Python file by its path, whatever its extension.

    Raises:
        Exception: whatever the file raises.
    """
    loader = SourceFileLoader("python_launch_file", python_launch_file_path)
    spec = spec_from_loader(loader.name, loader)
    if spec is None:
        raise RuntimeError("Failed to load module spec!")
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def get_launch_description_from_python_launch_file(python_launch_file_path: str) -> LaunchDescription:
    """Load a launch file and return what its `generate_launch_description()` returns.

    Raises:
        InvalidPythonLaunchFileError: it has no such function, or that returns something else.
    """
    module = load_python_launch_file_as_module(python_launch_file_path)
    if not hasattr(module, _FUNCTION):
        raise InvalidPythonLaunchFileError(
            f"launch file at '{python_launch_file_path}' does not contain the required function "
            f"'{_FUNCTION}()'"
        )
    description = getattr(module, _FUNCTION)()
    if not isinstance(description, LaunchDescription):
        raise InvalidPythonLaunchFileError(
            f"'{_FUNCTION}()' of launch file '{python_launch_file_path}' returned {description!r}; "
            "it must return a LaunchDescription"
        )
    return description
