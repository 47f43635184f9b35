"""Where a robot's files are: in the source tree, or in the installed share directory.

The search order is `DEXORA_DESCRIPTION_DIR`, the source tree beside this module, then every prefix of
`AMENT_PREFIX_PATH` and `sys.prefix`. An own robot lives in a directory of one's own with the same subfolders.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGE = "dexora_description"
DEFAULT_ROBOT = "dexora36"


class UnknownRobotError(LookupError):
    """No robot of this name, one of its files is missing, or the directory of own robots is none."""


def contract_path(robot: str = DEFAULT_ROBOT) -> Path:
    """Return the path of a robot's contract file.

    Errors:
        UnknownRobotError: there is no such robot; the known ones are listed.
    """
    return _find("robots", robot, ".yaml")


def urdf_path(robot: str = DEFAULT_ROBOT) -> Path:
    """Return the path of a robot's URDF; errors as `contract_path`."""
    return _find("urdf", robot, ".urdf")


def mjcf_path(robot: str = DEFAULT_ROBOT) -> Path:
    """Return the path of a robot's MJCF; errors as `contract_path`."""
    return _find("mjcf", robot, ".xml")


def collision_path(robot: str = DEFAULT_ROBOT) -> Path:
    """Return the path of a robot's collision margins; errors as `contract_path`."""
    return _find("collision", robot, ".yaml")


def known_robots() -> tuple[str, ...]:
    """Return the names of all robots that have a contract file, sorted."""
    return tuple(sorted({path.stem for root in _roots() for path in (root / "robots").glob("*.yaml")}))


def _find(folder: str, robot: str, suffix: str) -> Path:
    for root in _roots():
        path = root / folder / f"{robot}{suffix}"
        if path.is_file():
            return path
    if robot not in known_robots():
        msg = (
            f"unknown robot '{robot}'; known robots are {', '.join(known_robots()) or 'none'}. Give one of "
            "them, or name the directory of an own one by DEXORA_DESCRIPTION_DIR"
        )
        raise UnknownRobotError(msg)
    searched = ", ".join(str(root / folder) for root in _roots())
    msg = f"robot '{robot}' has a contract but no {folder}/{robot}{suffix}; searched {searched}"
    raise UnknownRobotError(msg)


def _roots() -> list[Path]:
    own = os.environ.get("DEXORA_DESCRIPTION_DIR")
    if own and not (Path(own) / "robots").is_dir():
        msg = f"DEXORA_DESCRIPTION_DIR is {own}, which has no folder robots/; correct it or unset it"
        raise UnknownRobotError(msg)
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    shares = [Path(prefix) / "share" / PACKAGE for prefix in prefixes if prefix]
    source = Path(__file__).resolve().parent.parent
    candidates = ([Path(own)] if own else []) + [source, *shares]
    return [root for root in candidates if (root / "robots").is_dir()]
