"""Distances between the parts of a robot at any pose, and the one pair that matters most.

The distance is exact for boxes, cylinders, spheres and capsules within `gjk.TOLERANCE_M`, and never above the
true one. Where the cores of two shapes overlap (a box or a cylinder in anything) the depth is not measured:
the answer is then minus the sum of their skins, at most 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dexora_core.collision.gjk import Cores, core_distance
from dexora_core.collision.rules import CollisionRules, load_rules
from dexora_core.collision.shapes import Shape, load_shapes
from dexora_core.kinematics import FloatArray, KinematicTree
from dexora_core.kinematics_urdf import load_urdf

# Distances above this are lower bounds in a judgement: no margin is as wide [m].
SIGHT_M = 0.05
# A path may come this much nearer and still lead apart: tolerance of the distance and noise of the sensors.
PARTING_M = 2e-4


@dataclass(frozen=True)
class Judgement:
    """The pair that asks for the strongest reaction; without any, the nearest relative to its margin.

    Attributes:
        distance_m: Its smallest distance at the poses of now [m].
        ahead_m: Its smallest distance on the way ahead [m]; when the way leads apart, that at the end of it.
        pair: Names of the two links.
        slow_m: Distance below which the robot slows [m].
        stop_m: Distance below which it stops [m].
    """

    distance_m: float
    ahead_m: float
    pair: str
    slow_m: float
    stop_m: float


class CollisionModel:
    """A robot's shapes and the pairs of them that are watched.

    Args:
        tree: Kinematics of the robot.
        shapes: Its collision shapes.
        rules: Margins and exceptions.
        joint_names: Order of positions; must be all movable joints of the tree.

    Errors:
        ContractError: the rules name a link without shape.
        ValueError: a joint of the tree is not in `joint_names`.
    """

    def __init__(
        self,
        tree: KinematicTree,
        shapes: Sequence[Shape],
        rules: CollisionRules,
        joint_names: Sequence[str],
    ) -> None:
        rules.check_links([shape.link for shape in shapes])
        self._tree = tree
        self._columns = np.array([joint_names.index(name) for name in tree.joint_names], dtype=np.intp)
        self._links = np.array([tree.link_names.index(shape.link) for shape in shapes], dtype=np.intp)
        self._centre = np.array([shape.centre for shape in shapes])
        self._rotation = np.array([shape.rotation for shape in shapes])
        self._half = np.array([shape.half for shape in shapes])
        self._disc = np.array([shape.disc for shape in shapes])
        pairs = _pairs(shapes, rules)
        self._first = np.array([first for first, _, _, _ in pairs], dtype=np.intp)
        self._second = np.array([second for _, second, _, _ in pairs], dtype=np.intp)
        self._slow = np.array([slow for _, _, slow, _ in pairs])
        self._stop = np.array([stop for _, _, _, stop in pairs])
        skin, reach = (np.array(row) for row in zip(*((s.skin, s.core_radius) for s in shapes), strict=True))
        self._skins = skin[self._first] + skin[self._second]
        self._reach = reach[self._first] + reach[self._second]
        self.pair_names = tuple((shapes[a].link, shapes[b].link) for a, b, _, _ in pairs)

    @property
    def shape_pairs(self) -> tuple[list[int], list[int]]:
        """Positions of the two shapes of every pair."""
        return self._first.tolist(), self._second.tolist()

    @classmethod
    def load(cls, urdf: Path | str, rules: Path | str, joint_names: Sequence[str]) -> CollisionModel:
        """Build the model from files; errors as `load_urdf`, `load_shapes` and `load_rules`."""
        return cls(load_urdf(urdf), load_shapes(urdf), load_rules(rules), joint_names)

    def distances(self, positions: FloatArray) -> FloatArray:
        """Return the distance of every pair at every pose [m], shape (n, pairs).

        Args:
            positions: Joint positions in the order of `joint_names`, shape (n, J) [rad].

        Errors:
            KinematicsError: the number of positions does not fit, or one is not finite.
        """
        return self._between(*self._place(positions), np.inf)

    def judge(self, now: FloatArray, ahead: FloatArray) -> Judgement:
        """Find the pair that matters most.

        Args:
            now: Poses where the robot is, as measured and as commanded, shape (k, J) [rad].
            ahead: Poses where it goes, in the order of time, shape (m, J) [rad].

        Errors:
            KinematicsError: the number of positions does not fit, or one is not finite.
        """
        centres, rotations = self._place(np.concatenate([now, ahead]))
        between = self._between(centres, rotations, SIGHT_M)
        distance, way = between[: len(now)].min(axis=0), between[len(now) :]
        leads_apart = (way >= distance - PARTING_M).all(axis=0) & (way[-1] > distance)
        reached = np.where(leads_apart, way[-1], way.min(axis=0))
        slow, stop = self._slow, self._stop
        # 0 is at the stop margin, 1 at the slow one; who parts does not stop.
        room = (np.minimum(distance, reached) - stop) / (slow - stop)
        worst = int(np.argmin(np.where(leads_apart, np.maximum(room, 0.0), room)))
        first, second = self.pair_names[worst]
        return Judgement(
            float(distance[worst]),
            float(reached[worst]),
            f"{first} and {second}",
            float(slow[worst]),
            float(stop[worst]),
        )

    def _place(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return centres (n, S, 3) and rotations (n, S, 3, 3) of the shapes in the root's frame."""
        poses = self._tree.link_poses(positions[:, self._columns])[:, self._links]
        turned = poses[..., :3, :3]
        return poses[..., :3, 3] + (turned @ self._centre[:, :, None])[..., 0], turned @ self._rotation

    def _between(self, centres: FloatArray, rotations: FloatArray, sight_m: float) -> FloatArray:
        """Return the distance of every pair at every pose, exact up to `sight_m`, shape (n, pairs)."""
        apart = centres[:, self._first] - centres[:, self._second]
        distance = np.sqrt(np.einsum("ijk,ijk->ij", apart, apart)) - self._skins - self._reach
        pose, pair = np.nonzero(distance < sight_m)
        first, second = (
            Cores(centres[pose, shape], rotations[pose, shape], self._half[shape], self._disc[shape])
            for shape in (self._first[pair], self._second[pair])
        )
        skins = self._skins[pair]
        distance[pose, pair] = core_distance(first, second, skins + sight_m) - skins
        return np.asarray(distance)


def _pairs(shapes: Sequence[Shape], rules: CollisionRules) -> list[tuple[int, int, float, float]]:
    """Return (first shape, second shape, slow, stop) of all pairs that are watched."""
    pairs = []
    for a, first in enumerate(shapes):
        for b in range(a + 1, len(shapes)):
            margin = None if first.link == shapes[b].link else rules.margin(first.link, shapes[b].link)
            if margin is not None:
                pairs.append((a, b, margin.slow_m, margin.stop_m))
    return pairs
