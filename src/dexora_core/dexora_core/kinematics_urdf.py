"""Reads a URDF into a `KinematicTree`: joints only, strictly. Shapes and masses are left to others."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from dexora_core.kinematics import MOVABLE, KinematicsError, KinematicTree, UrdfJoint, quaternion_product

KINDS = ("fixed", *MOVABLE)
_VECTOR = 3


def load_urdf(path: Path | str) -> KinematicTree:
    """Read a URDF file.

    Errors:
        KinematicsError: the file is absent or malformed; the message names the file.
    """
    try:
        return parse_urdf(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise KinematicsError(f"robot model {path} cannot be read: {error.strerror}") from error
    except KinematicsError as error:
        raise KinematicsError(f"robot model {path}: {error.message}") from error


def parse_urdf(text: str) -> KinematicTree:
    """Parse the text of a URDF.

    Errors:
        KinematicsError: not XML, no robot, an unsupported joint, a joint without parent, or no tree.
    """
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - the robot's own model, not a stranger's document
    except ElementTree.ParseError as error:
        raise KinematicsError(f"not XML: {error}") from error
    if root.tag != "robot":
        raise KinematicsError(f"the root element is <{root.tag}>; a URDF starts with <robot>")
    joints = tuple(_joint(element) for element in root.iterfind("joint"))
    if not joints:
        raise KinematicsError("it has no joint; a robot needs at least one")
    return KinematicTree(root.get("name", "robot"), joints)


def _joint(element: ElementTree.Element) -> UrdfJoint:
    name, kind = element.get("name", ""), element.get("type", "")
    if kind not in KINDS:
        raise KinematicsError(f"joint {name} is of type '{kind}'; supported are {', '.join(KINDS)}")
    if element.find("mimic") is not None:
        raise KinematicsError(f"joint {name} mimics another; give every joint its own position instead")
    origin = element.find("origin")
    limit = element.find("limit") if kind in {"revolute", "prismatic"} else None
    lower, upper = (
        (-math.inf, math.inf) if limit is None else (float(limit.get(key, "0")) for key in ("lower", "upper"))
    )
    return UrdfJoint(
        name=name,
        kind=kind,
        parent=_link(element, "parent", name),
        child=_link(element, "child", name),
        translation=_vector(origin, "xyz", (0.0, 0.0, 0.0), name),
        quaternion=_quaternion(_vector(origin, "rpy", (0.0, 0.0, 0.0), name)),
        axis=_axis(element, name) if kind in MOVABLE else np.array([1.0, 0.0, 0.0]),
        lower=lower,
        upper=upper,
    )


def _link(element: ElementTree.Element, key: str, name: str) -> str:
    child = element.find(key)
    link = child.get("link") if child is not None else None
    if not link:
        raise KinematicsError(f"joint {name} has no {key} link")
    return link


def _axis(element: ElementTree.Element, name: str) -> NDArray[np.float64]:
    axis = _vector(element.find("axis"), "xyz", (1.0, 0.0, 0.0), name)
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        raise KinematicsError(f"joint {name} has the axis 0 0 0; it must point somewhere")
    return axis / length


def _vector(
    element: ElementTree.Element | None, key: str, default: tuple[float, float, float], name: str
) -> NDArray[np.float64]:
    text = element.get(key) if element is not None else None
    if text is None:
        return np.array(default)
    try:
        vector = np.array([float(part) for part in text.split()])
    except ValueError:
        vector = np.full(_VECTOR, np.nan)
    if vector.shape != (_VECTOR,) or not np.isfinite(vector).all():
        raise KinematicsError(f'joint {name} has {key}="{text}"; it must be three finite numbers')
    return vector


def _quaternion(rpy: NDArray[np.float64]) -> NDArray[np.float64]:
    cosines, sines = np.cos(rpy / 2.0), np.sin(rpy / 2.0)
    roll = np.array([cosines[0], sines[0], 0.0, 0.0])
    pitch = np.array([cosines[1], 0.0, sines[1], 0.0])
    yaw = np.array([cosines[2], 0.0, 0.0, sines[2]])
    return quaternion_product(quaternion_product(yaw, pitch), roll)
