"""Who touches whom: digits of the hands, objects of the scene and the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco

HANDS = ("left", "right")
DIGITS = ("thumb", "index", "mid", "ring", "pinky")
PALM = "palm"
TABLE_GEOM = "table_top"
DIGIT_OF_JOINT = {
    **dict.fromkeys((1, 2, 3), "thumb"),
    **dict.fromkeys((4, 5, 6), "index"),
    **dict.fromkeys((7, 8), "mid"),
    **dict.fromkeys((9, 10), "ring"),
    **dict.fromkeys((11, 12), "pinky"),
}
"""Digit that joint k of a hand belongs to, k counted from 1."""


@dataclass(frozen=True)
class Contacts:
    """Touching pairs of one moment.

    Attributes:
        hands: For (hand, object): the digits (or "palm") that touch it.
        on_table: Objects that touch the table.
        touching: Pairs of objects that touch each other, each pair sorted.
    """

    hands: Mapping[tuple[str, str], frozenset[str]]
    on_table: frozenset[str]
    touching: frozenset[tuple[str, str]]


class ContactReader:
    """Sorts MuJoCo's contacts by who they belong to.

    Args:
        model: Compiled model.
        objects: Ids of the scene's root bodies by name; a body below one of them with a name of its own in
            this table counts as itself.
        table: Name of the table's geom.
    """

    def __init__(self, model: mujoco.MjModel, objects: Mapping[str, int], table: str = TABLE_GEOM) -> None:
        self._hand_of = _hand_geoms(model)
        self._object_of = _object_geoms(model, objects)
        self._table = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM.value, table)

    def read(self, data: mujoco.MjData) -> Contacts:
        """Return what touches in a state; pairs that are near but apart do not count."""
        hands: dict[tuple[str, str], set[str]] = {}
        on_table: set[str] = set()
        touching: set[tuple[str, str]] = set()
        if data.ncon:
            contact = data.contact
            for first, second in contact.geom[contact.dist <= 0.0].tolist():
                for one, other in ((first, second), (second, first)):
                    name = self._object_of.get(one)
                    if name is None:
                        continue
                    if other in self._hand_of:
                        hand, digit = self._hand_of[other]
                        hands.setdefault((hand, name), set()).add(digit)
                    elif other == self._table:
                        on_table.add(name)
                    elif self._object_of.get(other, name) != name:
                        low, high = sorted((name, self._object_of[other]))
                        touching.add((low, high))
        return Contacts(
            {key: frozenset(value) for key, value in hands.items()}, frozenset(on_table), frozenset(touching)
        )


def _hand_geoms(model: mujoco.MjModel) -> dict[int, tuple[str, str]]:
    """Return (hand, digit) of every geom of the hands, by geom id."""
    part: dict[int, tuple[str, str]] = {}
    for hand in HANDS:
        part[model.body(f"{hand}_hand_base").id] = (hand, PALM)
        for number, digit in DIGIT_OF_JOINT.items():
            part[int(model.joint(f"{hand}_hand_joint_{number}").bodyid[0])] = (hand, digit)
    for body in range(1, model.nbody):
        parent = int(model.body_parentid[body])
        if body not in part and parent in part:
            part[body] = part[parent]
    return {geom: part[body] for geom, body in enumerate(model.geom_bodyid.tolist()) if body in part}


def _object_geoms(model: mujoco.MjModel, objects: Mapping[str, int]) -> dict[int, str]:
    """Return the object that every geom of the scene belongs to, by geom id."""
    owner = {body: name for name, body in objects.items()}
    for body in range(1, model.nbody):
        parent = int(model.body_parentid[body])
        if body not in owner and parent in owner:
            owner[body] = owner[parent]
    return {geom: owner[body] for geom, body in enumerate(model.geom_bodyid.tolist()) if body in owner}
