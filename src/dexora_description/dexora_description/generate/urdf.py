"""Writes the tree as URDF. Capsules become a cylinder and two spheres, which is how URDF spells them."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from dexora_description.generate.geometry import Pose, pose
from dexora_description.generate.robot import MATERIALS, Robot
from dexora_description.generate.tree import Link, Shape
from dexora_description.generate.xmltext import document, numbers


def urdf(robot: Robot) -> str:
    """Return the robot as a URDF document."""
    root = Element("robot", name=robot.name)
    for name, colour in MATERIALS.items():
        material = SubElement(root, "material", name=name)
        SubElement(material, "color", rgba=numbers((*colour, 1.0)))
    for link in robot.links:
        _link(root, link)
        if link.parent is not None:
            _joint(root, link, robot)
        for frame in link.frames:
            _frame(root, link.name, frame.name, frame.pose)
        for camera in link.cameras:
            _frame(root, link.name, robot.optical_frames[camera.view], camera.pose)
    return document(root)


def _link(root: Element, link: Link) -> None:
    element = SubElement(root, "link", name=link.name)
    inertial = SubElement(element, "inertial")
    _origin(inertial, pose(link.centre_of_mass))
    SubElement(inertial, "mass", value=numbers((link.mass,)))
    i = link.inertia
    names = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
    entries = (i[0, 0], i[0, 1], i[0, 2], i[1, 1], i[1, 2], i[2, 2])
    SubElement(
        inertial, "inertia", {name: numbers((value,)) for name, value in zip(names, entries, strict=True)}
    )
    for shape in link.shapes:
        for part in _parts(shape):
            visual = SubElement(element, "visual")
            _geometry(visual, part)
            SubElement(visual, "material", name=shape.material)
            if shape.collides:
                _geometry(SubElement(element, "collision"), part)


def _joint(root: Element, link: Link, robot: Robot) -> None:
    if link.joint is None:
        _fixed(root, f"{link.name}_mount", link.parent or "", link.name, link.pose)
        return
    limit = robot.limits[link.joint.name]
    element = SubElement(root, "joint", name=link.joint.name, type="revolute")
    _origin(element, link.pose)
    SubElement(element, "parent", link=link.parent or "")
    SubElement(element, "child", link=link.name)
    SubElement(element, "axis", xyz=numbers(link.joint.axis))
    SubElement(
        element,
        "limit",
        lower=numbers((limit.lower,)),
        upper=numbers((limit.upper,)),
        velocity=numbers((limit.velocity,)),
        effort=numbers((link.joint.servo.max_torque,)),
    )


def _frame(root: Element, parent: str, name: str, where: Pose) -> None:
    SubElement(root, "link", name=name)
    _fixed(root, f"{name}_mount", parent, name, where)


def _fixed(root: Element, name: str, parent: str, child: str, where: Pose) -> None:
    element = SubElement(root, "joint", name=name, type="fixed")
    _origin(element, where)
    SubElement(element, "parent", link=parent)
    SubElement(element, "child", link=child)


def _origin(element: Element, where: Pose) -> None:
    SubElement(element, "origin", xyz=numbers(where.position), rpy=numbers(where.rpy))


def _geometry(element: Element, shape: Shape) -> None:
    _origin(element, shape.pose)
    geometry = SubElement(element, "geometry")
    if shape.kind == "box":
        SubElement(geometry, "box", size=numbers(shape.size))
    elif shape.kind == "sphere":
        SubElement(geometry, "sphere", radius=numbers(shape.size))
    else:
        SubElement(geometry, "cylinder", radius=numbers(shape.size[:1]), length=numbers(shape.size[1:]))


def _parts(shape: Shape) -> list[Shape]:
    if shape.kind != "capsule":
        return [shape]
    radius, length = shape.size
    ends = [shape.pose @ pose((0, 0, sign * length / 2)) for sign in (-1.0, 1.0)]
    cylinder = Shape("cylinder", shape.size, shape.pose, shape.material)
    return [cylinder, *(Shape("sphere", (radius,), end, shape.material) for end in ends)]
