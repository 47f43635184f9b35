"""The environment that pip and colcon run in: this workspace and nothing of the caller's ROS or Python."""

from __future__ import annotations

from collections.abc import Mapping

from setup_workspace.paths import Workspace

# Variables of another Python or ROS environment that would leak into what is installed and built.
_DROPPED = (
    *("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"),
    *("COLCON_PREFIX_PATH", "CMAKE_MODULE_PATH", "LD_LIBRARY_PATH"),
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS"),
)


def workspace_environment(workspace: Workspace, base: Mapping[str, str]) -> dict[str, str]:
    """Return `base` without foreign settings and with the virtual environment as the prefix of everything."""
    environment = {name: value for name, value in base.items() if name not in _DROPPED}
    binaries = str(workspace.venv / "bin")
    others = [entry for entry in base.get("PATH", "").split(":") if entry and entry != binaries]
    environment["PATH"] = ":".join([binaries, *others])
    environment["VIRTUAL_ENV"] = str(workspace.venv)
    environment["AMENT_PREFIX_PATH"] = str(workspace.venv)
    environment["CMAKE_PREFIX_PATH"] = str(workspace.venv)
    environment["PYTHONUNBUFFERED"] = "1"
    environment["LC_ALL"] = "C.UTF-8"
    return environment
