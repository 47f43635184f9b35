"""What does not move: base, column and head, the arms' mounts, and the two fixed cameras.

Mounting. The release gives the arms' base as 0.10704, 0.02283 and 0.09475 m from a spine frame at x
0.033942 and height 1.406 m, without naming the axes. Read as down, forward and sideways they put the
shoulders at x 0.0568, y +-0.0948 and height 1.299 m, which is where other public models of the platform
have them, with the arm bases level and turned 45 degrees outwards. The spine stands at 0.15 m in every
recorded episode and lowers them by that. With this reading the release's home pose holds both hands over a
table in front of the robot; with the axes taken literally the two arm bases would stand inside each other.
"""

from __future__ import annotations

import numpy as np

from dexora_description.generate.geometry import Pose, looking, pose, rotation_x, rotation_z
from dexora_description.generate.tree import CameraMount, Link, Shape

SPINE_M = 0.15
SHOULDER_HEIGHT_M = 1.406 - 0.10704 - SPINE_M
SHOULDER_FORWARD_M = 0.033942 + 0.02283
SHOULDER_ASIDE_M = 0.09475
OUTWARD_RAD = np.pi / 4
BASE_MASS_KG = 60.0


def arm_mount(side: str) -> Pose:
    """Return the pose of an arm's base in `base_link`: z level, forward and outward."""
    sign = 1.0 if side == "left" else -1.0
    level = rotation_z(sign * OUTWARD_RAD) @ np.array([[0.0, 0.0, 1.0], [-sign, 0.0, 0.0], [0.0, -sign, 0.0]])
    return pose((SHOULDER_FORWARD_M, sign * SHOULDER_ASIDE_M, SHOULDER_HEIGHT_M), level)


def base_link() -> Link:
    """Return the root link: origin on the floor below the spine, x forward, y left, z up."""
    column_top = SHOULDER_HEIGHT_M + 0.10
    shapes = (
        Shape("box", (0.46, 0.46, 0.22), pose((-0.08, 0, 0.13)), "graphite"),
        Shape("box", (0.10, 0.13, column_top - 0.24), pose((-0.03, 0, (column_top + 0.24) / 2)), "shell"),
        Shape("box", (0.09, 0.16, 0.14), pose((0.015, 0, SHOULDER_HEIGHT_M)), "graphite"),
        Shape("cylinder", (0.028, 0.12), pose((0.0, 0, column_top + 0.05)), "joint"),
        Shape("box", (0.09, 0.19, 0.09), pose((0.02, 0, column_top + 0.15)), "shell"),
        Shape("box", (0.012, 0.15, 0.045), pose((0.066, 0, column_top + 0.15)), "graphite", collides=False),
        Shape("cylinder", (0.20, 0.02), pose((-0.08, 0, 0.01), rotation_x(0.0)), "joint", collides=False),
    )
    cameras = (
        CameraMount("top", looking((0.10, 0.0, column_top + 0.17), (0.50, 0.0, 0.78)), 62.0),
        CameraMount("front", looking((1.45, 0.0, 1.35), (0.42, 0.0, 0.86)), 48.0),
    )
    return Link("base_link", None, pose(), BASE_MASS_KG, shapes, "body", cameras=cameras)
