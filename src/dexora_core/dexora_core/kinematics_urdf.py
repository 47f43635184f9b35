"""Reads a URDF into a `KinematicTree`: joints only, strictly. Shapes and masses are left to others."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from dexora_core.kinematics import MOVABLE, KinematicsError, KinematicTree, UrdfJoint, quaternion_product

KINDS = ("fixed", *MOVABLE)
_COUNTED = {1: "one finite number", 3: "three finite numbers"}


def load_urdf(path: Path | str) -> KinematicTree:
    """Read a URDF file.

    Errors:
        KinematicsError: the file is absent or malformed; the message names the file.
    """
    try:
        return parse_urdf(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise KinematicsError(f"robot model {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KinematicsError(f"robot model {path} is no UTF-8 text: {error}; save it as UTF-8") from error
    except KinematicsError as error:
        raise KinematicsError(f"robot model {path}: {error.message}") from error


def parse_urdf(text: str) -> KinematicTree:
    """Parse the text of a URDF.

    Errors:
        KinematicsError: not XML, no robot, an unsupported or malformed joint, two of one name, or no tree.
    """
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - the robot's own model, not a stranger's document
    except ElementTree.ParseError as error:
        raise KinematicsError(f"not XML: {error}") from error
    if root.tag != "robot":
        raise KinematicsError(f"the root element is <{root.tag}>; a URDF starts with <robot>")
    joints = tuple(_joint(element) for element in root.iterfind("joint"))
    names = Counter(joint.name for joint in joints)
    if unfit := [name or "''" for name, count in names.items() if count > 1 or not name]:
        raise KinematicsError(f"joint names empty or used twice: {', '.join(unfit)}; name each joint once")
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
    lower, upper = _limits(element.find("limit") if kind in {"revolute", "prismatic"} else None, name)
    return UrdfJoint(
        name=name,
        kind=kind,
        parent=_link(element, "parent", name),
        child=_link(element, "child", name),
        translation=read_vector(origin, "xyz", (0.0, 0.0, 0.0), f"joint {name}"),
        quaternion=read_quaternion(read_vector(origin, "rpy", (0.0, 0.0, 0.0), f"joint {name}")),
        axis=_axis(element, name) if kind in MOVABLE else np.array([1.0, 0.0, 0.0]),
        lower=lower,
        upper=upper,
    )


def _limits(limit: ElementTree.Element | None, name: str) -> tuple[float, float]:
    if limit is None:
        return -math.inf, math.inf
    lower, upper = (_numbers(limit.get(key, "0"), 1, key, f"joint {name}")[0] for key in ("lower", "upper"))
    if lower > upper:
        raise KinematicsError(f"joint {name} has lower {lower:g} above upper {upper:g}; exchange them")
    return float(lower), float(upper)


def _link(element: ElementTree.Element, key: str, name: str) -> str:
    child = element.find(key)
    link = child.get("link") if child is not None else None
    if not link:
        raise KinematicsError(f"joint {name} has no {key} link")
    return link


def _axis(element: ElementTree.Element, name: str) -> NDArray[np.float64]:
    axis = read_vector(element.find("axis"), "xyz", (1.0, 0.0, 0.0), f"joint {name}")
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        raise KinematicsError(f"joint {name} has the axis 0 0 0; it must point somewhere")
    return axis / length


def read_vector(
    element: ElementTree.Element | None, key: str, default: tuple[float, float, float], owner: str
) -> NDArray[np.float64]:
    """Read three numbers from an attribute.

    Args:
        element: where the attribute is; None gives the default.
        key: the attribute's name.
        default: its value where it is absent.
        owner: whose attribute it is, for messages.

    Errors:
        KinematicsError: it is not three finite numbers.
    """
    text = element.get(key) if element is not None else None
    return np.array(default) if text is None else _numbers(text, 3, key, owner)


def _numbers(text: str, count: int, key: str, owner: str) -> NDArray[np.float64]:
    try:
        numbers = np.array([float(part) for part in text.split()])
    except ValueError:
        numbers = np.full(count, np.nan)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise KinematicsError(f'{owner} has {key}="{text}"; it must be {_COUNTED[count]}')
    return numbers


def read_quaternion(rpy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit quaternion (w, x, y, z) of URDF's roll, pitch and yaw about fixed axes [rad]."""
    cosines, sines = np.cos(rpy / 2.0), np.sin(rpy / 2.0)
    roll = np.array([cosines[0], sines[0], 0.0, 0.0])
    pitch = np.array([cosines[1], 0.0, sines[1], 0.0])
    yaw = np.array([cosines[2], 0.0, 0.0, sines[2]])
    return quaternion_product(quaternion_product(yaw, pitch), roll)
