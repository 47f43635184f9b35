"""Collision shapes of a URDF: boxes, cylinders, spheres, and capsules, which URDF spells with three elements.

Every shape is a core with a skin around it: the core is the sum of a box (half edges `half`) and a disc
(`disc`, about z), the skin has the thickness `skin`. A box is a core without skin, a sphere a skin without
core, a capsule a segment with a skin, a cylinder a disc along a segment. One support function serves all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from dexora_core.kinematics import FloatArray, KinematicsError, rotation_matrices
from dexora_core.kinematics_urdf import load_urdf, read_quaternion, read_vector

# A cylinder's ends and the centres of its two spheres are written with ten decimals.
_SAME_PLACE_M = 1e-6


@dataclass(frozen=True)
class Shape:
    """One convex primitive on a link.

    Attributes:
        link: Link that carries it.
        kind: box, cylinder, sphere or capsule.
        centre: Its centre in the link frame [m], shape (3,).
        rotation: Its axes in the link frame, shape (3, 3).
        half: Half edges of the core's box part [m], shape (3,).
        disc: Radius of the core's disc part about z [m].
        skin: Thickness around the core [m].
    """

    link: str
    kind: str
    centre: FloatArray
    rotation: FloatArray
    half: FloatArray
    disc: float
    skin: float

    @property
    def core_radius(self) -> float:
        """Radius of the sphere about the centre that holds the core [m]."""
        x, y, z = self.half
        return float(np.hypot(max(np.hypot(x, y), self.disc), z))


def load_shapes(path: Path | str) -> tuple[Shape, ...]:
    """Read the collision elements of a URDF file, in the order of the file.

    Errors:
        KinematicsError: the file is absent or malformed, or an element is no box, cylinder or sphere.
    """
    load_urdf(path)  # refuses everything else that may be wrong with the file
    root = ElementTree.parse(path).getroot()  # noqa: S314 - the robot's own model
    shapes: list[Shape] = []
    for link in root.iterfind("link"):
        name = link.get("name", "")
        shapes += _join_capsules([_shape(name, element) for element in link.iterfind("collision")])
    if not shapes:
        raise KinematicsError(f"robot model {path} has no collision shapes; give every link some")
    return tuple(shapes)


def _shape(link: str, element: ElementTree.Element) -> Shape:
    where = f"a collision element of {link}"
    geometry = element.find("geometry")
    kinds = [] if geometry is None else list(geometry)
    if len(kinds) != 1 or kinds[0].tag not in {"box", "cylinder", "sphere"}:
        found = ", ".join(kind.tag for kind in kinds) or "nothing"
        msg = f"a collision element of {link} is {found}; supported are box, cylinder and sphere"
        raise KinematicsError(f"{msg}. Approximate a mesh by several of them, from outside")
    kind, size = kinds[0].tag, kinds[0]
    origin = element.find("origin")
    centre = read_vector(origin, "xyz", (0.0, 0.0, 0.0), where)
    rotation = rotation_matrices(read_quaternion(read_vector(origin, "rpy", (0.0, 0.0, 0.0), where)))
    half, disc, skin = np.zeros(3), 0.0, 0.0
    if kind == "box":
        half = read_vector(size, "size", (0.0, 0.0, 0.0), where) / 2.0
    elif kind == "sphere":
        skin = _length(size, "radius", where)
    else:
        disc = _length(size, "radius", where)
        half = np.array([0.0, 0.0, _length(size, "length", where) / 2.0])
    if not (half >= 0.0).all() or not half.any() + disc + skin:
        raise KinematicsError(f"{where} is a {kind} without size; every length must be above 0")
    return Shape(link, kind, centre, rotation, half, disc, skin)


def _length(element: ElementTree.Element, key: str, where: str) -> float:
    text = element.get(key, "")
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0.0 < value < np.inf:
        raise KinematicsError(f'{where} has {key}="{text}"; it must be a length above 0')
    return value


def _join_capsules(shapes: list[Shape]) -> list[Shape]:
    """Replace every cylinder whose two ends carry spheres of its radius by a capsule."""
    spheres: dict[float, list[Shape]] = defaultdict(list)
    for shape in shapes:
        if shape.kind == "sphere":
            spheres[shape.skin].append(shape)
    joined: list[Shape] = []
    used: set[int] = set()
    for shape in shapes:
        axis = shape.rotation[:, 2] * shape.half[2]
        ends = [_at(spheres[shape.disc], shape.centre + sign * axis) for sign in (-1.0, 1.0)]
        if shape.kind == "cylinder" and all(end is not None for end in ends):
            used.update(id(end) for end in ends)
            shape = Shape(  # noqa: PLW2901 - the cylinder becomes a capsule
                shape.link, "capsule", shape.centre, shape.rotation, shape.half, 0.0, shape.disc
            )
        joined.append(shape)
    return [shape for shape in joined if id(shape) not in used]


def _at(spheres: list[Shape], place: FloatArray) -> Shape | None:
    near = [one for one in spheres if np.abs(one.centre - place).max() < _SAME_PLACE_M]
    return near[0] if near else None
