"""Writes the tree as MJCF: the same kinematics, plus drives, contacts, touch, cameras and light.

Contact layers. A table or an object with MuJoCo's default bits (1, 1) meets every part of the robot.
Fingers of one hand do not meet each other, because real ones are shaped to pass; they meet their thumb, the
other hand, both arms and the body.

Contact values. Rubber (palm, fingers) decides friction and softness against plain geoms, by priority 1. An
object that shall decide itself, for example because its friction is randomised, needs priority 2.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

import numpy as np

from dexora_description.generate.geometry import Pose, pose, rotation_x
from dexora_description.generate.robot import MATERIALS, Robot
from dexora_description.generate.tree import Link, Shape
from dexora_description.generate.xmltext import document, numbers

TIMESTEP_S = 0.002
OBJECTS, BODY, LEFT_FINGERS, RIGHT_FINGERS, LEFT_THUMB, RIGHT_THUMB = (1 << bit for bit in range(6))
# layer: (what it is, what it meets)
LAYERS = {
    "body": (BODY, OBJECTS | BODY),
    "left_fingers": (LEFT_FINGERS, OBJECTS | BODY | RIGHT_FINGERS | LEFT_THUMB | RIGHT_THUMB),
    "right_fingers": (RIGHT_FINGERS, OBJECTS | BODY | LEFT_FINGERS | LEFT_THUMB | RIGHT_THUMB),
    "left_thumb": (LEFT_THUMB, OBJECTS | BODY | LEFT_FINGERS | RIGHT_FINGERS | RIGHT_THUMB),
    "right_thumb": (RIGHT_THUMB, OBJECTS | BODY | LEFT_FINGERS | RIGHT_FINGERS | LEFT_THUMB),
}


def mjcf(robot: Robot) -> str:
    """Return the robot, a floor and lights as an MJCF document."""
    root = Element("mujoco", model=robot.name)
    _settings(root)
    _assets(root)
    world = SubElement(root, "worldbody")
    _surroundings(world)
    bodies: dict[str, Element] = {}
    for link in robot.links:
        bodies[link.name] = _body(bodies[link.parent] if link.parent else world, link, robot)
    _contact(root, robot)
    _actuators(root, robot)
    _sensors(root, robot)
    return document(root)


def _settings(root: Element) -> None:
    SubElement(root, "compiler", angle="radian", autolimits="true")
    option = {
        "timestep": numbers((TIMESTEP_S,)),
        "integrator": "implicitfast",
        "cone": "elliptic",
        "impratio": "10",
    }
    SubElement(root, "option", option)
    SubElement(root, "statistic", center="0.4 0 0.9", extent="1.6")
    visual = SubElement(root, "visual")
    SubElement(visual, "global", offwidth="640", offheight="480", azimuth="150", elevation="-20")
    SubElement(visual, "quality", shadowsize="0", offsamples="0")
    SubElement(visual, "map", znear="0.008", zfar="20")
    SubElement(visual, "headlight", ambient="0.35 0.35 0.35", diffuse="0.35 0.35 0.35", specular="0 0 0")
    default = SubElement(root, "default")
    plain = SubElement(
        SubElement(default, "default", {"class": "robot"}), "geom", condim="3", friction="0.6 0.005 0.0001"
    )
    plain.set("group", "2")
    grip = SubElement(
        SubElement(default, "default", {"class": "rubber"}), "geom", condim="4", friction="1.3 0.01 0.0001"
    )
    grip.attrib.update({"group": "2", "solref": "0.008 1", "solimp": "0.9 0.97 0.002", "priority": "1"})


def _assets(root: Element) -> None:
    asset = SubElement(root, "asset")
    sky = {"name": "sky", "type": "skybox", "builtin": "gradient", "width": "64", "height": "384"}
    SubElement(asset, "texture", sky, rgb1="0.72 0.78 0.85", rgb2="0.92 0.93 0.95")
    grid = {"name": "floor", "type": "2d", "builtin": "checker", "width": "128", "height": "128"}
    SubElement(asset, "texture", grid, rgb1="0.55 0.57 0.60", rgb2="0.60 0.62 0.65")
    SubElement(asset, "material", name="floor", texture="floor", texrepeat="8 8", reflectance="0")
    for name, colour in MATERIALS.items():
        SubElement(
            asset, "material", name=name, rgba=numbers((*colour, 1.0)), specular="0.15", shininess="0.2"
        )


def _surroundings(world: Element) -> None:
    key = {"name": "key", "pos": "0.9 1.1 2.4", "dir": "-0.3 -0.6 -1", "castshadow": "false"}
    SubElement(world, "light", key, diffuse="0.55 0.55 0.52", specular="0.1 0.1 0.1")
    fill = {"name": "fill", "pos": "0.9 -1.1 2.4", "dir": "-0.3 0.6 -1", "castshadow": "false"}
    SubElement(world, "light", fill, diffuse="0.30 0.31 0.34", specular="0 0 0")
    SubElement(world, "geom", name="floor", type="plane", size="4 4 0.1", material="floor")


def _body(parent: Element, link: Link, robot: Robot) -> Element:
    body = SubElement(parent, "body", {"name": link.name, "gravcomp": "1"} | _placed(link.pose))
    i = link.inertia
    full = (i[0, 0], i[1, 1], i[2, 2], i[0, 1], i[0, 2], i[1, 2])
    inertial = {
        "pos": numbers(link.centre_of_mass),
        "mass": numbers((link.mass,)),
        "fullinertia": numbers(full),
    }
    SubElement(body, "inertial", inertial)
    if link.joint is not None:
        servo, limit = link.joint.servo, robot.limits[link.joint.name]
        joint = {
            "name": link.joint.name,
            "axis": numbers(link.joint.axis),
            "range": numbers((limit.lower, limit.upper)),
        }
        drive = {"armature": numbers((servo.armature,)), "frictionloss": numbers((servo.friction,))}
        SubElement(body, "joint", joint | drive)
    for index, shape in enumerate(link.shapes):
        _geom(body, f"{link.name}_{index}", shape, link.layer)
    for frame in link.frames:
        SubElement(body, "site", {"name": frame.name, "size": "0.004", "group": "4"} | _placed(frame.pose))
    if link.touch is not None:
        touch = {"name": f"{link.frames[0].name}_pad", "type": "capsule", "size": _size(link.touch)}
        SubElement(body, "site", touch | _placed(link.touch.pose), group="5", rgba="0 0 0 0")
    for camera in link.cameras:
        turned = camera.pose @ pose(rotation=rotation_x(np.pi))
        camera_at = {"name": camera.view, "fovy": numbers((camera.vertical_fov_deg,))}
        SubElement(body, "camera", camera_at | _placed(turned))
    return body


def _geom(body: Element, name: str, shape: Shape, layer: str) -> None:
    contype, conaffinity = LAYERS[layer] if shape.collides else (0, 0)
    attributes = {
        "name": name,
        "class": "rubber" if shape.rubber else "robot",
        "type": shape.kind,
        "size": _size(shape),
        "material": shape.material,
        "contype": str(contype),
        "conaffinity": str(conaffinity),
    }
    SubElement(body, "geom", attributes | _placed(shape.pose))


def _contact(root: Element, robot: Robot) -> None:
    contact = SubElement(root, "contact")
    for link in robot.links:
        for other in link.apart:
            SubElement(contact, "exclude", body1=other, body2=link.name)


def _actuators(root: Element, robot: Robot) -> None:
    actuator = SubElement(root, "actuator")
    joints = {link.joint.name: link.joint for link in robot.links if link.joint is not None}
    for name, limit in robot.limits.items():
        servo = joints[name].servo
        gains = {"kp": numbers((servo.stiffness,)), "kv": numbers((servo.damping,))}
        torque = numbers((-servo.max_torque, servo.max_torque))
        reach = numbers((limit.lower, limit.upper))
        drive = {"name": name, "joint": name, "ctrlrange": reach, "forcerange": torque}
        SubElement(actuator, "position", drive | gains)


def _sensors(root: Element, robot: Robot) -> None:
    sensor = SubElement(root, "sensor")
    for link in robot.links:
        if link.touch is not None:
            tip = link.frames[0].name
            SubElement(sensor, "touch", name=tip.replace("_tip", "_touch"), site=f"{tip}_pad")


def _placed(where: Pose) -> dict[str, str]:
    placed = {} if not where.position.any() else {"pos": numbers(where.position)}
    if not np.allclose(where.rotation, np.eye(3), atol=1e-15):
        placed["quat"] = numbers(where.quaternion)
    return placed


def _size(shape: Shape) -> str:
    if shape.kind == "box":
        return numbers(edge / 2 for edge in shape.size)
    return numbers(shape.size) if shape.kind == "sphere" else numbers((shape.size[0], shape.size[1] / 2))
