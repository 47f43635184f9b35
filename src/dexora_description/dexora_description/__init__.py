"""Robots as data: one contract per robot, URDF and MJCF."""

from dexora_description.paths import (
    UnknownRobotError,
    collision_path,
    contract_path,
    known_robots,
    mjcf_path,
    urdf_path,
)

__all__ = [
    "UnknownRobotError",
    "collision_path",
    "contract_path",
    "known_robots",
    "mjcf_path",
    "urdf_path",
]
