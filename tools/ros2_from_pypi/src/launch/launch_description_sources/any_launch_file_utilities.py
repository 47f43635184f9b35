"""Loading launch files of any format."""

from __future__ import annotations

from pathlib import Path

from .._subset import OutsideSubsetError
from ..invalid_launch_file_error import InvalidLaunchFileError
from ..launch_description import LaunchDescription
from .python_launch_file_utilities import get_launch_description_from_python_launch_file

_FRONTENDS = {".xml": "launch_xml", ".yaml": "launch_yaml", ".yml": "launch_yaml"}


def get_launch_description_from_any_launch_file(launch_file_path: str) -> LaunchDescription:
    """Load a launch file by its path.

    Raises:
        OutsideSubsetError: it is written in XML or YAML, or needs what the subset does not have.
        InvalidLaunchFileError: it cannot be loaded; what it raised is the cause and part of the text.
    """
    suffix = Path(launch_file_path).suffix
    frontend = _FRONTENDS.get(suffix)
    if frontend is not None:
        raise OutsideSubsetError(frontend, f"'{frontend}', which reads '{launch_file_path}',")
    try:
        return get_launch_description_from_python_launch_file(launch_file_path)
    except OutsideSubsetError:
        raise
    except Exception as error:
        raise InvalidLaunchFileError(suffix.lstrip("."), likely_errors=[error]) from error
