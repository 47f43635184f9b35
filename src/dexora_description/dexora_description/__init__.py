"""Robots as data: one contract per robot, URDF and MJCF."""

from dexora_description.paths import (
    UnknownRobotError,
    contract_path,
    known_robots,
    mjcf_path,
    urdf_path,
)

__all__ = ["UnknownRobotError", "contract_path", "known_robots", "mjcf_path", "urdf_path"]
