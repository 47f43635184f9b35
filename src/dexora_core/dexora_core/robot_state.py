"""Which transforms follow from which joint states: the rules of robot_state_publisher, without ROS.

A joint state may hold some of the joints, in any order, with names of other robots among them. Only joints
that it names are placed again. A state older than one already used is ignored, unless time itself went back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_core.kinematics import KinematicTree, Transforms

IndexArray = NDArray[np.intp]
# A stamp this much older than the newest one is no late message: the clock was set back (a new simulation).
CLOCK_RESET_NS = 1_000_000_000
# Publishers of joint states seen at once, each with its own list of names; far more than a robot has.
MOST_LAYOUTS = 16


@dataclass(frozen=True)
class Placed:
    """Transforms of the joints that moved, and their positions among the tree's movable joints."""

    indices: IndexArray
    transforms: Transforms


class RobotState:
    """Turns joint states into transforms, no more often than wanted.

    Args:
        tree: the robot.
        period_ns: shortest time between two sets of transforms for the same joints [ns]; 0 for every state.
    """

    def __init__(self, tree: KinematicTree, period_ns: int = 0) -> None:
        self._tree = tree
        self._period_ns = period_ns
        self._index = {name: index for index, name in enumerate(tree.joint_names)}
        self._positions = np.zeros(len(self._index))
        self._placed_ns = np.full(len(self._index), -1, dtype=np.int64)
        self._layouts: dict[tuple[str, ...], tuple[IndexArray, IndexArray]] = {}
        self.refused: Counter[str] = Counter()

    @property
    def unplaced(self) -> tuple[str, ...]:
        """Movable joints that no joint state has named yet; their links have no transform."""
        return tuple(name for name, index in self._index.items() if self._placed_ns[index] < 0)

    def update(self, names: Sequence[str], positions: Sequence[float], stamp_ns: int) -> Placed | None:
        """Take one joint state and return the transforms to publish, or None.

        Args:
            names: joint names as the message holds them.
            positions: positions [rad or m], one per name.
            stamp_ns: time that the state describes [ns].

        A state that cannot be used is counted in `refused` by reason: "lengths differ", "no joint of this
        robot", "not finite", "older than the last".
        """
        if len(names) != len(positions):
            self.refused["lengths differ"] += 1
            return None
        where, which = self._layout(tuple(names))
        values = np.asarray(positions, dtype=np.float64)[which]
        reason = self._reason_to_refuse(where, values, stamp_ns)
        if reason:
            self.refused[reason] += 1
            return None
        newest_ns = int(self._placed_ns[where].max())
        if newest_ns >= 0 and 0 <= stamp_ns - newest_ns < self._period_ns:
            return None
        self._positions[where] = values
        self._placed_ns[where] = stamp_ns
        return self._place(where)

    def _reason_to_refuse(self, where: IndexArray, values: NDArray[np.float64], stamp_ns: int) -> str:
        if not len(where):
            return "no joint of this robot"
        if not np.isfinite(values).all():
            return "not finite"
        newest_ns = int(self._placed_ns[where].max())
        return "older than the last" if newest_ns - CLOCK_RESET_NS < stamp_ns < newest_ns else ""

    def _place(self, where: IndexArray) -> Placed:
        every = self._tree.moving_transforms(self._positions)
        chosen = Transforms(
            tuple(every.parents[index] for index in where),
            tuple(every.children[index] for index in where),
            every.translations[where],
            every.quaternions[where],
        )
        return Placed(where, chosen)

    def _layout(self, names: tuple[str, ...]) -> tuple[IndexArray, IndexArray]:
        """Positions of the known joints in the tree, and in the message; remembered per list of names."""
        if names not in self._layouts:
            known = [(self._index[name], place) for place, name in enumerate(names) if name in self._index]
            pairs = np.array(sorted(known), dtype=np.intp).reshape(-1, 2)
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[names] = (pairs[:, 0], pairs[:, 1])
        return self._layouts[names]
