"""The table, the objects that do not matter, and helpers that add simple bodies."""

from __future__ import annotations

import mujoco

from dexora_sim.contacts import TABLE_GEOM
from dexora_sim.randomisation import DISTRACTOR_PREFIX, PARKING_DEPTH_M

TABLE_TOP_M = 0.80
"""Height of the table's surface above the floor."""
TABLE_CENTRE_X_M = 0.55
TABLE_SIZE_M = (0.70, 1.20, 0.04)
"""Depth (x), width (y) and thickness."""
OBJECT_FRICTION = (1.0, 0.01, 0.0005)
"""Sliding, torsional and rolling friction of the objects; it wins over the robot's and the table's."""
_FAR_EDGE_MARGIN_M = 0.08
_LANES_Y_M = (-0.4, 0.0, 0.4)


def add_table(spec: mujoco.MjSpec) -> None:
    """Add the table, fixed to the world."""
    depth, width, thickness = TABLE_SIZE_M
    table = spec.worldbody.add_body(name="table", pos=[TABLE_CENTRE_X_M, 0.0, TABLE_TOP_M - thickness / 2])
    table.add_geom(
        name=TABLE_GEOM,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[depth / 2, width / 2, thickness / 2],
        material="table_plain",
    )


def add_distractors(spec: mujoco.MjSpec) -> None:
    """Add three objects that do not matter, fixed in lanes along the far edge, parked below the floor."""
    far_x_m = TABLE_CENTRE_X_M + TABLE_SIZE_M[0] / 2 - _FAR_EDGE_MARGIN_M
    looks = (
        (mujoco.mjtGeom.mjGEOM_BOX, [0.03, 0.03, 0.05], [0.5, 0.5, 0.5, 1.0]),
        (mujoco.mjtGeom.mjGEOM_CYLINDER, [0.025, 0.06, 0.0], [0.35, 0.25, 0.2, 1.0]),
        (mujoco.mjtGeom.mjGEOM_SPHERE, [0.035, 0.0, 0.0], [0.2, 0.5, 0.5, 1.0]),
    )
    for index, (shape, size, rgba) in enumerate(looks):
        half_height = size[{mujoco.mjtGeom.mjGEOM_BOX: 2, mujoco.mjtGeom.mjGEOM_CYLINDER: 1}.get(shape, 0)]
        height = TABLE_TOP_M + half_height - PARKING_DEPTH_M
        body = spec.worldbody.add_body(
            name=f"{DISTRACTOR_PREFIX}{index}", pos=[far_x_m, _LANES_Y_M[index], height]
        )
        body.add_geom(type=shape, size=size, rgba=rgba)


def add_object(
    spec: mujoco.MjSpec,
    name: str,
    shape: mujoco.mjtGeom,
    size_m: tuple[float, float, float],
    mass_kg: float,
) -> mujoco.MjsBody:
    """Add a free body of one primitive geom with its origin in the middle.

    Args:
        spec: Model to add to.
        name: Name of the body and of its geom.
        shape: Box, cylinder or sphere.
        size_m: Half sizes as MuJoCo counts them: box (x, y, z), cylinder (radius, half height, 0), sphere.
        mass_kg: Mass.
    """
    body = spec.worldbody.add_body(name=name)
    body.add_freejoint(name=f"{name}_free")
    add_part(body, name, shape, size_m, mass_kg)
    return body


def add_part(
    body: mujoco.MjsBody,
    name: str,
    shape: mujoco.mjtGeom,
    size_m: tuple[float, float, float],
    mass_kg: float,
    *,
    z_m: float = 0.0,
) -> mujoco.MjsGeom:
    """Add a primitive to a body, `z_m` above its origin, with the contact settings of objects."""
    return body.add_geom(
        name=name,
        type=shape,
        size=list(size_m),
        pos=[0.0, 0.0, z_m],
        mass=mass_kg,
        condim=4,
        friction=list(OBJECT_FRICTION),
        priority=2,  # above the rubber of the fingers, so that the object decides friction
        solref=[0.008, 1.0],
        solimp=[0.95, 0.99, 0.001, 0.5, 2.0],
        rgba=[0.7, 0.7, 0.7, 1.0],
    )
