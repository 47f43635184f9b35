"""Regions of the table and objects put into them."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from dexora_sim.randomisation import draw
from dexora_sim.ranges import RANGES
from dexora_sim.tasks.furniture import TABLE_TOP_M

CLEARANCE_M = 0.0005
"""Objects start this far above the table, so that the first step is not a push."""


@dataclass(frozen=True)
class Placement:
    """Where an object stands on the table.

    Attributes:
        x_m: Forward, world frame.
        y_m: To the robot's left, world frame.
        yaw_rad: Turn about the vertical.
    """

    x_m: float
    y_m: float
    yaw_rad: float = 0.0


@dataclass(frozen=True)
class Region:
    """A rectangle on the table; training uses all of it, "ood" a band around it.

    Attributes:
        x_m: Middle, forward.
        y_m: Middle, to the left.
        half_x_m: Half of its depth.
        half_y_m: Half of its width.
        half_yaw_rad: Objects are turned by at most this.
    """

    x_m: float
    y_m: float
    half_x_m: float
    half_y_m: float
    half_yaw_rad: float = 0.0

    def sample(self, rng: np.random.Generator, level: str) -> Placement:
        """Draw a placement; level "off" is the middle."""
        span = RANGES["pose"][level]
        along_x, along_y = draw(rng, span, 2)
        turn = 0.0 if level == "off" else rng.uniform(-1.0, 1.0)
        return Placement(
            self.x_m + float(along_x) * self.half_x_m,
            self.y_m + float(along_y) * self.half_y_m,
            turn * self.half_yaw_rad,
        )


def rest_height(model: mujoco.MjModel, body: int) -> float:
    """Return the height of a body's origin [m] above its lowest point, from its own geoms upright."""
    half = {
        mujoco.mjtGeom.mjGEOM_SPHERE.value: 0,
        mujoco.mjtGeom.mjGEOM_CYLINDER.value: 1,
        mujoco.mjtGeom.mjGEOM_BOX.value: 2,
    }
    first, count = int(model.body_geomadr[body]), int(model.body_geomnum[body])
    return max(
        float(model.geom_size[geom][half[int(model.geom_type[geom])]] - model.geom_pos[geom][2])
        for geom in range(first, first + count)
    )


def place(model: mujoco.MjModel, data: mujoco.MjData, name: str, placement: Placement) -> None:
    """Stand a free body upright on the table.

    Args:
        model: Compiled model.
        data: State to change; not updated, call `mj_forward` when all is placed.
        name: Body with a free joint.
        placement: Where it stands.
    """
    body = model.body(name)
    address = int(model.jnt_qposadr[body.jntadr[0]])
    height = TABLE_TOP_M + CLEARANCE_M + rest_height(model, body.id)
    half_turn = placement.yaw_rad / 2
    pose = (placement.x_m, placement.y_m, height, np.cos(half_turn), 0.0, 0.0, np.sin(half_turn))
    data.qpos[address : address + 7] = pose
